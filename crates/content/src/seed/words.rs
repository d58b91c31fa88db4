//! Words of the demo data, in English and Russian.

use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;

use crate::articles::Language;

/// Categories at the top, each with those that stand in it.
pub(super) const CATEGORIES: [(&str, [&str; 4]); 6] = [
    ("Testing", ["API tests", "Browser tests", "Load tests", "Exploratory testing"]),
    ("Автоматизация", ["Инструменты", "Шаблоны и приёмы", "Непрерывная интеграция", "Отчёты"]),
    ("Quality", ["Metrics", "Reviews", "Accessibility", "Security"]),
    ("Разработка", ["Базы данных", "Архитектура", "Отладка", "Рефакторинг"]),
    ("People", ["Careers", "Teams", "Interviews", "Conferences"]),
    ("Истории", ["Ошибки", "Переезды", "Уроки", "Юмор"]),
];

/// Tags.
pub(super) const TAGS: [&str; 24] = [
    "api",
    "browser",
    "ci",
    "contracts",
    "data",
    "debugging",
    "docker",
    "flaky",
    "http",
    "json",
    "load",
    "mocks",
    "playwright",
    "postgresql",
    "rust",
    "security",
    "sql",
    "автотесты",
    "баги",
    "данные",
    "нагрузка",
    "отчёты",
    "процессы",
    "релизы",
];

/// Blogs: name, what it is about, whether its editors approve their own.
pub(super) const BLOGS: [(&str, &str, bool); 6] = [
    ("Notes on testing", "What we learn while we test a shop, a network and boards.", false),
    ("Записки тестировщика", "Наблюдения, приёмы и ошибки, о которых полезно знать.", false),
    ("The flaky diaries", "One unstable test a week, taken apart.", true),
    ("Нагрузка и люди", "О нагрузочном тестировании без магии.", true),
    ("Release notes", "What changed on the practice ground, and why.", false),
    ("Переводы", "Хорошие статьи о качестве на русском языке.", false),
];

const TOPICS_EN: [&str; 12] = [
    "a checkout",
    "a search page",
    "cursors",
    "retries",
    "time zones",
    "rate limits",
    "file uploads",
    "web sockets",
    "permissions",
    "caches",
    "background jobs",
    "payments",
];
const TOPICS_RU: [&str; 12] = [
    "корзины",
    "поиска",
    "пагинации",
    "повторов",
    "часовых поясов",
    "ограничений частоты",
    "загрузки файлов",
    "веб-сокетов",
    "прав доступа",
    "кэша",
    "фоновых задач",
    "платежей",
];
const OPENINGS_EN: [&str; 5] =
    ["How to test", "What we learned from", "Ten mistakes in tests of", "A checklist for", "The quiet cost of"];
const OPENINGS_RU: [&str; 5] = [
    "Как мы проверяли работу",
    "Чему нас научила проверка",
    "Десять ошибок в тестах",
    "Чек-лист для",
    "Цена упрощений:",
];
const SENTENCES_EN: [&str; 12] = [
    "A test that never fails tells as little as one that always does.",
    "We began with the contract, and wrote down what the server promises.",
    "Two requests at once found in a minute what a month of clicking had not.",
    "The answer was right, but it came from a cache that knew nothing of the change.",
    "Nobody had asked what happens when the same key comes twice.",
    "We replaced every pause by a question: is it so yet?",
    "The error named the field, so the report wrote itself.",
    "Data that tests share is data that tests break for each other.",
    "A slow page is a broken page for whoever is in a hurry.",
    "The log had the id of the request, and the rest was reading.",
    "Only one of the buyers got the last piece, which is what we wanted to see.",
    "After the restart everything that had been answered was there.",
];
const SENTENCES_RU: [&str; 12] = [
    "Тест, который никогда не падает, сообщает не больше, чем тот, что падает всегда.",
    "Мы начали с контракта и выписали всё, что обещает сервер.",
    "Два одновременных запроса за минуту нашли то, чего не нашёл месяц ручных проверок.",
    "Ответ был верным, но пришёл из кэша, который ничего не знал об изменении.",
    "Никто не спросил, что будет, если один и тот же ключ придёт дважды.",
    "Каждую паузу мы заменили вопросом: уже готово?",
    "Ошибка называла поле, и отчёт написался сам.",
    "Общие данные — это данные, которые тесты ломают друг другу.",
    "Медленная страница сломана для того, кто спешит.",
    "В журнале был номер запроса, остальное оказалось делом чтения.",
    "Последний товар достался только одному покупателю — этого мы и ждали.",
    "После перезапуска всё, на что был дан ответ, осталось на месте.",
];

fn pick<'a>(from: &[&'a str], rng: &mut ChaCha8Rng) -> &'a str {
    from[rng.random_range(0..from.len())]
}

/// A title.
pub(super) fn title(language: Language, rng: &mut ChaCha8Rng) -> String {
    match language {
        Language::En => format!("{} {}", pick(&OPENINGS_EN, rng), pick(&TOPICS_EN, rng)),
        Language::Ru => format!("{} {}", pick(&OPENINGS_RU, rng), pick(&TOPICS_RU, rng)),
    }
}

fn paragraph(language: Language, rng: &mut ChaCha8Rng) -> String {
    let sentences = match language {
        Language::En => &SENTENCES_EN,
        Language::Ru => &SENTENCES_RU,
    };
    let count = rng.random_range(2..6);
    (0..count).map(|_| pick(sentences, rng)).collect::<Vec<_>>().join(" ")
}

/// A text in Markdown, of some parts.
pub(super) fn body(language: Language, parts: usize, rng: &mut ChaCha8Rng) -> String {
    let mut out = paragraph(language, rng);
    for n in 0..parts {
        let heading = title(language, rng);
        out = format!("{out}\n\n## {heading}\n\n{}\n\n", paragraph(language, rng));
        match (n % 3, language) {
            (0, Language::En) => out += "- read the contract\n- write the test\n- watch it fail",
            (0, Language::Ru) => out += "- прочитать контракт\n- написать тест\n- увидеть, как он падает",
            (1, _) => out += "```http\nGET /api/content/articles?limit=3\n```",
            (_, Language::En) => out += "| clients | answers |\n|--:|--:|\n| 1 | 1 |\n| 200 | 200 |",
            (_, Language::Ru) => out += "| клиентов | ответов |\n|--:|--:|\n| 1 | 1 |\n| 200 | 200 |",
        }
    }
    out
}
