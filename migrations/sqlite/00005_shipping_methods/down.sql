DROP TABLE shipping_bands;
DROP TABLE shipping_methods;
DROP TABLE shipping_zone_countries;
DROP TABLE shipping_zones;
