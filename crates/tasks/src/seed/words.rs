//! Words of the demo data.

/// Teams: name and what they are for.
pub(super) const TEAMS: [(&str, &str); 6] = [
    ("Storefront", "What customers see and touch."),
    ("Платежи", "Оплата, возвраты и сверка."),
    ("Quality", "Everything that has to hold before a release."),
    ("Mobile", "The applications for phones."),
    ("Platform", "Servers, pipelines, and whoever is on call."),
    ("Документация", "Тексты, которые читают люди."),
];

/// Projects: key, name, what it is about. Two of each team.
pub(super) const PROJECTS: [(&str, &str, &str); 12] = [
    ("WEB", "Catalogue", "Lists, search and product pages."),
    ("CART", "Checkout", "From the cart to the receipt."),
    ("PAY", "Приём платежей", "Карты, подписи и повторы."),
    ("REF", "Возвраты", "Деньги, которые идут назад."),
    ("QA", "Regression suite", "Tests that run for every build."),
    ("BUG", "Bug reports", "What users have found."),
    ("APP", "Application", "Screens and notifications."),
    ("SYNC", "Offline mode", "What works without a network."),
    ("OPS", "Operations", "Deployments, alarms and costs."),
    ("SEC", "Hardening", "Fewer doors, and better locks."),
    ("DOC", "Справочник", "Описание каждого запроса."),
    ("OLD", "Старый портал", "Архив: новый портал уже работает."),
];

/// What a card is about: what is done, in English and Russian.
pub(super) const DEEDS: [[&str; 2]; 16] = [
    ["Check", "Проверить"],
    ["Write tests for", "Написать тесты на"],
    ["Speed up", "Ускорить"],
    ["Describe", "Описать"],
    ["Mend", "Починить"],
    ["Measure", "Измерить"],
    ["Simplify", "Упростить"],
    ["Replace", "Заменить"],
    ["Remove", "Убрать"],
    ["Translate", "Перевести"],
    ["Review", "Просмотреть"],
    ["Automate", "Автоматизировать"],
    ["Reproduce the failure of", "Воспроизвести сбой:"],
    ["Add limits to", "Добавить ограничения:"],
    ["Log errors of", "Записывать ошибки:"],
    ["Plan", "Спланировать"],
];

/// What it is done to, in English and Russian.
pub(super) const MATTERS: [[&str; 2]; 20] = [
    ["the login form", "форму входа"],
    ["the search field", "поле поиска"],
    ["coupons that count twice", "купоны, которые срабатывают дважды"],
    ["the refund of a partial order", "возврат части заказа"],
    ["the import of prices", "загрузку цен"],
    ["the session that never ends", "сессию, которая не кончается"],
    ["pictures of products", "фотографии товаров"],
    ["messages in the wrong order", "сообщения не по порядку"],
    ["time zones in reports", "часовые пояса в отчётах"],
    ["the order of cards on a board", "порядок карточек на доске"],
    ["the page of an empty cart", "страницу пустой корзины"],
    ["names with apostrophes", "имена с апострофом"],
    ["the retry of payments", "повтор платежей"],
    ["notifications that come late", "запоздалые уведомления"],
    ["the export to a spreadsheet", "выгрузку в таблицу"],
    ["the backup of the database", "резервную копию базы"],
    ["the certificate that expires", "истекающий сертификат"],
    ["the checkout on small screens", "оформление на маленьком экране"],
    ["the limit of requests", "предел запросов"],
    ["the list of countries", "список стран"],
];

/// Descriptions in Markdown, in English and Russian.
pub(super) const DESCRIPTIONS: [[&str; 2]; 4] = [
    ["", ""],
    [
        "**Steps**\n\n1. Open the page\n2. Repeat it quickly\n3. Look at the answer\n\n**Expected**: one effect",
        "**Шаги**\n\n1. Открыть страницу\n2. Быстро повторить\n3. Посмотреть на ответ\n\n**Ожидается**: один результат",
    ],
    [
        "Done when\n\n- a test fails without it\n- the document says so",
        "Готово, когда\n\n- тест без этого падает\n- это описано",
    ],
    ["See the thread of last week, and `GET /health`.", "См. обсуждение на прошлой неделе и `GET /health`."],
];

/// What is said about cards, in English and Russian.
pub(super) const COMMENTS: [[&str; 2]; 10] = [
    ["Seen on staging, too.", "На стенде то же самое."],
    ["I cannot repeat it with the build of today.", "На сегодняшней сборке не повторяется."],
    ["Which browser was that in?", "В каком браузере это было?"],
    ["The test is there, and it fails. **Thank you!**", "Тест есть, и он падает. **Спасибо!**"],
    [
        "Let us split this: the second half is a card of its own.",
        "Давайте разделим: вторая половина — отдельная карточка.",
    ],
    ["Waiting for an answer of the provider.", "Ждём ответа поставщика."],
    ["It is the clock: see `time_zone` in the settings.", "Дело в часах: см. `time_zone` в настройках."],
    ["Reviewed; two small remarks.", "Посмотрел, два мелких замечания."],
    ["- works with one user\n- fails with ten at once", "- с одним пользователем работает\n- с десятью сразу падает"],
    ["This was the last one before the release.", "Это было последнее перед выпуском."],
];

/// What lists of items are called.
pub(super) const LISTS: [[&str; 2]; 3] =
    [["Before the release", "Перед выпуском"], ["Definition of done", "Критерии готовности"], ["Steps", "Шаги"]];

/// Items of lists.
pub(super) const ITEMS: [[&str; 2]; 8] = [
    ["Write a test that fails", "Написать тест, который падает"],
    ["Mend it", "Исправить"],
    ["Try it on both databases", "Проверить на обеих базах"],
    ["Measure before and after", "Измерить до и после"],
    ["Ask somebody else to look at it", "Попросить кого-нибудь посмотреть"],
    ["Say so in the changelog", "Написать в журнале изменений"],
    ["Try it with bad input", "Проверить на неверных данных"],
    ["Tell those who asked for it", "Сообщить тем, кто просил"],
];
