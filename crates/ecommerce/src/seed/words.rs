//! The words that demo products are made of.

/// A category of the demo shop: slug, English title, Russian title.
pub(super) type Words = (&'static str, &'static str, &'static str);

/// Five categories at the top, with four below each.
pub(super) const TREE: [(Words, [Shelf; 4]); 5] = [
    (
        ("kitchen", "Kitchen", "Кухня"),
        [
            Shelf(("kettles", "Kettles", "Чайники"), &[("Kettle", "Чайник"), ("Teapot", "Заварник")], PIECE),
            Shelf(("pans", "Pans", "Сковороды"), &[("Frying pan", "Сковорода"), ("Saucepan", "Ковш")], PIECE),
            Shelf(("cups", "Cups", "Чашки"), &[("Cup", "Чашка"), ("Mug", "Кружка")], PIECE),
            Shelf(
                ("knives", "Knives", "Ножи"),
                &[("Chef's knife", "Поварской нож"), ("Paring knife", "Нож для овощей")],
                PIECE,
            ),
        ],
    ),
    (
        ("clothes", "Clothes", "Одежда"),
        [
            Shelf(("shirts", "Shirts", "Рубашки"), &[("Shirt", "Рубашка"), ("T-shirt", "Футболка")], WORN),
            Shelf(("trousers", "Trousers", "Брюки"), &[("Trousers", "Брюки"), ("Shorts", "Шорты")], WORN),
            Shelf(("jackets", "Jackets", "Куртки"), &[("Jacket", "Куртка"), ("Raincoat", "Дождевик")], WORN),
            Shelf(("shoes", "Shoes", "Обувь"), &[("Sneakers", "Кроссовки"), ("Boots", "Ботинки")], WORN),
        ],
    ),
    (
        ("electronics", "Electronics", "Электроника"),
        [
            Shelf(
                ("headphones", "Headphones", "Наушники"),
                &[("Headphones", "Наушники"), ("Earbuds", "Вкладыши")],
                PIECE,
            ),
            Shelf(
                ("keyboards", "Keyboards", "Клавиатуры"),
                &[("Keyboard", "Клавиатура"), ("Number pad", "Цифровой блок")],
                PIECE,
            ),
            Shelf(("lamps", "Lamps", "Лампы"), &[("Desk lamp", "Настольная лампа"), ("Night light", "Ночник")], PIECE),
            Shelf(("speakers", "Speakers", "Колонки"), &[("Speaker", "Колонка"), ("Radio", "Радиоприёмник")], PIECE),
        ],
    ),
    (
        ("garden", "Garden", "Сад"),
        [
            Shelf(("tools", "Garden tools", "Садовый инструмент"), &[("Spade", "Лопата"), ("Rake", "Грабли")], PIECE),
            Shelf(("pots", "Flower pots", "Горшки"), &[("Flower pot", "Горшок"), ("Planter", "Кашпо")], PIECE),
            Shelf(("hoses", "Hoses", "Шланги"), &[("Garden hose", "Шланг"), ("Sprinkler", "Разбрызгиватель")], PIECE),
            Shelf(
                ("furniture", "Garden furniture", "Садовая мебель"),
                &[("Bench", "Скамейка"), ("Deck chair", "Шезлонг")],
                PIECE,
            ),
        ],
    ),
    (
        ("books", "Books and paper", "Книги и бумага"),
        [
            Shelf(("novels", "Novels", "Романы"), &[("Novel", "Роман"), ("Short stories", "Рассказы")], PIECE),
            Shelf(("textbooks", "Textbooks", "Учебники"), &[("Textbook", "Учебник"), ("Workbook", "Задачник")], PIECE),
            Shelf(("notebooks", "Notebooks", "Тетради"), &[("Notebook", "Тетрадь"), ("Diary", "Ежедневник")], PIECE),
            Shelf(("pens", "Pens", "Ручки"), &[("Pen", "Ручка"), ("Pencil", "Карандаш")], PIECE),
        ],
    ),
];

/// A category with products: its words, their nouns in English and Russian, and what their variants differ in.
pub(super) struct Shelf(pub(super) Words, pub(super) &'static [(&'static str, &'static str)], pub(super) Differ);

/// The name of an option and its values.
pub(super) type Differ = (&'static str, &'static [&'static str]);

/// Things differ in colour.
const PIECE: Differ = ("colour", &["white", "blue", "green", "graphite"]);
/// Clothes differ in size.
const WORN: Differ = ("size", &["S", "M", "L", "XL"]);

/// What a product is like, in English and Russian; the Russian words fit behind any noun.
pub(super) const LIKE: [(&str, &str); 12] = [
    ("for every day", "на каждый день"),
    ("for guests", "для гостей"),
    ("of oak", "из дуба"),
    ("of steel", "из стали"),
    ("of cotton", "из хлопка"),
    ("with a pattern", "с узором"),
    ("for beginners", "для начинающих"),
    ("for professionals", "для мастеров"),
    ("for travellers", "в дорогу"),
    ("for children", "для детей"),
    ("in a gift box", "в подарок"),
    ("from the village", "из деревни"),
];

/// Names that makers give, and that tell one product from the next.
pub(super) const SERIES: [&str; 16] = [
    "Aurora", "Baikal", "Comet", "Delta", "Echo", "Fjord", "Granite", "Harbour", "Iris", "Juniper", "Kama", "Lotus",
    "Meridian", "Neva", "Orion", "Pioneer",
];

/// Tags.
pub(super) const TAGS: [&str; 8] = ["new", "sale", "gift", "handmade", "eco", "bestseller", "подарок", "скидка"];
/// Materials, as an attribute.
pub(super) const MATERIALS: [&str; 6] = ["steel", "wood", "cotton", "glass", "ceramic", "plastic"];

/// What people say of anything: for which stars, and in English and Russian, a title and a text.
pub(super) struct Opinion(
    pub(super) std::ops::RangeInclusive<i64>,
    pub(super) (&'static str, &'static str),
    pub(super) (&'static str, &'static str),
);

/// Opinions; every number of stars has several.
pub(super) const OPINIONS: [Opinion; 13] = [
    Opinion(
        1..=1,
        ("Broke in a week", "It worked for six days. I have sent it back."),
        ("Сломалось через неделю", "Проработало шесть дней. Отправил обратно."),
    ),
    Opinion(
        1..=2,
        ("Not as in the picture", "The colour is another one, and it is smaller than I thought."),
        ("Не как на картинке", "Цвет другой, и размер меньше, чем я думала."),
    ),
    Opinion(
        1..=2,
        ("Would not buy again", "Feels cheap for the price."),
        ("Больше не куплю", "Дёшево выглядит за такие деньги."),
    ),
    Opinion(
        2..=3,
        ("It is all right", "Does what it should, and no more. Delivery took **nine days**."),
        ("Сойдёт", "Делает, что должно, и не более. Доставка заняла **девять дней**."),
    ),
    Opinion(
        3..=3,
        ("Mixed feelings", "- good material\n- poor packaging"),
        ("Двоякое впечатление", "- хороший материал\n- плохая упаковка"),
    ),
    Opinion(
        3..=4,
        ("Good for the money", "There are better ones, at twice the price."),
        ("Хорошо за свои деньги", "Бывает лучше, но вдвое дороже."),
    ),
    Opinion(
        4..=4,
        ("Nearly perfect", "One star less for the manual, which nobody can read."),
        ("Почти идеально", "Минус звезда за инструкцию: её невозможно прочитать."),
    ),
    Opinion(
        4..=5,
        ("As described", "Came in time, looks like in the picture, no complaints."),
        ("Как в описании", "Пришло вовремя, выглядит как на картинке, жалоб нет."),
    ),
    Opinion(
        4..=5,
        ("A good present", "My sister uses it every day."),
        ("Хороший подарок", "Сестра пользуется каждый день."),
    ),
    Opinion(5..=5, ("Excellent", "The best that I have had."), ("Отлично", "Лучшее из того, что у меня было.")),
    Opinion(
        5..=5,
        ("Bought a second one", "One for home and one for the cottage."),
        ("Купил ещё одну штуку", "Одна дома, вторая на даче."),
    ),
    Opinion(5..=5, ("Love it", "Exactly what I was looking for."), ("Очень нравится", "Именно то, что я искала.")),
    Opinion(
        5..=5,
        ("Solid work", "Heavy, well made, will outlive me."),
        ("Добротная вещь", "Тяжёлая, хорошо сделана, переживёт меня."),
    ),
];
