DROP TABLE stock_journal;
DROP TABLE variant_options;
DROP TABLE variants;
DROP TABLE product_search;
DROP TABLE product_tags;
DROP TABLE products;
DROP TABLE categories;
