//! What demo people say, in English and Russian.

use std::collections::BTreeMap;

use crate::text;

/// The HTML of each of these texts, which are said again and again.
pub(super) fn rendered(texts: &[(&'static str, &'static str)]) -> BTreeMap<&'static str, String> {
    let both = texts.iter().flat_map(|(english, russian)| [*english, *russian]);
    both.map(|text| (text, text::render(text, &BTreeMap::new()))).collect()
}

pub(super) const BIOS: [&str; 9] = [
    "",
    "Tea, trains and test plans.",
    "Люблю горы, чай и длинные книги.",
    "I draw maps of places that do not exist.",
    "Тестирую всё, что не прибито.",
    "Photographs of bridges. Only bridges.",
    "",
    "Печатаю на двух языках, ошибаюсь на трёх.",
    "Slow runner, fast reader.",
];

/// English and Russian: how a post begins.
pub(super) const OPENINGS: [(&str, &str); 12] = [
    ("Today I learned that", "Сегодня я узнал, что"),
    ("Small reminder:", "Напоминаю:"),
    ("Nobody told me that", "Никто не говорил мне, что"),
    ("After a long walk it is clear that", "После долгой прогулки ясно, что"),
    ("Unpopular opinion:", "Непопулярное мнение:"),
    ("It took a week to see that", "Неделя ушла на то, чтобы понять:"),
    ("Asked around, and it seems that", "Поспрашивал, и похоже, что"),
    ("Good morning!", "Доброе утро!"),
    ("A question for everybody:", "Вопрос ко всем:"),
    ("Found on the way home:", "Нашлось по дороге домой:"),
    ("For the record,", "Для протокола:"),
    ("Once more,", "Ещё раз:"),
];

/// English and Russian: what it is about, with its hashtags.
pub(super) const MATTERS: [(&str, &str, &[&str]); 16] = [
    ("the **kettle** is older than the kitchen", "**чайник** старше кухни", &["kitchen", "кухня"]),
    (
        "a flaky test is a bug that has not been named yet",
        "мигающий тест — это ошибка без имени",
        &["testing", "тестирование"],
    ),
    ("rain sounds better on a tin roof", "дождь лучше звучит по жестяной крыше", &["weather", "погода"]),
    ("the night train to the north still runs", "ночной поезд на север всё ещё ходит", &["trains", "поезда"]),
    (
        "*nobody* reads the second page of the manual",
        "вторую страницу инструкции *никто* не читает",
        &["docs", "документация"],
    ),
    ("two cats are quieter than one", "две кошки тише одной", &["cats", "кошки"]),
    ("a good map has an empty corner", "у хорошей карты есть пустой угол", &["maps", "карты"]),
    ("bread needs patience more than yeast", "хлебу терпение нужнее дрожжей", &["bread", "хлеб"]),
    ("the library is open until nine on Thursdays", "библиотека открыта до девяти по четвергам", &["books", "книги"]),
    ("`retry` is not a strategy", "`retry` — это не стратегия", &["testing", "код"]),
    ("the first snow is always a surprise", "первый снег всегда неожиданность", &["weather", "зима"]),
    ("old bicycles have better bells", "у старых велосипедов звонки лучше", &["bicycles", "велосипеды"]),
    ("a list is not a plan", "список — это ещё не план", &["plans", "планы"]),
    ("the river has changed its course again", "река снова сменила русло", &["rivers", "реки"]),
    ("soup is a form of cleaning up", "суп — это вид уборки", &["kitchen", "суп"]),
    ("the third bridge is the one to photograph", "фотографировать стоит третий мост", &["bridges", "мосты"]),
];

/// English and Russian: how it ends.
pub(super) const ENDINGS: [(&str, &str); 8] = [
    ("", ""),
    ("\n\nWhat do you think?", "\n\nЧто думаете?"),
    ("\n\n> so my grandmother says", "\n\n> так говорит моя бабушка"),
    ("\n\n- tried once\n- tried twice\n- gave up", "\n\n- попробовал раз\n- попробовал два\n- сдался"),
    (
        "\n\nMore at [the archive](https://archive.example/notes).",
        "\n\nПодробнее [в архиве](https://archive.example/notes).",
    ),
    ("", ""),
    ("\n\n~~Or not.~~", "\n\n~~Или нет.~~"),
    ("", ""),
];

/// English and Russian: warnings before a post.
pub(super) const WARNINGS: [(&str, &str); 3] =
    [("spiders", "пауки"), ("spoilers for a film", "спойлеры к фильму"), ("food", "еда")];

/// English and Russian: comments.
pub(super) const REMARKS: [(&str, &str); 14] = [
    ("Same here.", "У меня так же."),
    ("I am not so sure.", "Не уверен."),
    ("**Exactly.**", "**Именно.**"),
    ("Where was this?", "А где это было?"),
    ("Thank you, I needed that today.", "Спасибо, сегодня мне это было нужно."),
    ("My neighbour says the opposite.", "Мой сосед говорит обратное."),
    ("Has anybody measured it?", "Кто-нибудь это измерял?"),
    ("That explains a lot.", "Это многое объясняет."),
    ("I would read a whole book about it.", "Я бы прочитал об этом целую книгу."),
    ("No.", "Нет."),
    ("It depends on the season.", "Зависит от времени года."),
    ("Please write more of this.", "Пишите ещё."),
    ("See `section 4.2`.", "См. `раздел 4.2`."),
    ("Ha!", "Ха!"),
];

/// English and Russian: messages.
pub(super) const MESSAGES: [(&str, &str); 14] = [
    ("Are you there?", "Ты тут?"),
    ("On my way.", "Уже иду."),
    ("Did you see the last build?", "Видел последнюю сборку?"),
    ("It is green again.", "Снова зелёная."),
    ("Tea at five?", "Чай в пять?"),
    ("I will bring the map.", "Карту принесу."),
    ("Not today, sorry.", "Сегодня не могу, прости."),
    ("Send me the *link*, please.", "Пришли *ссылку*, пожалуйста."),
    ("Done.", "Готово."),
    ("Who has the keys?", "У кого ключи?"),
    ("I do.", "У меня."),
    ("Let us ask the others.", "Давай спросим остальных."),
    ("That was quick!", "Быстро!"),
    ("See you tomorrow.", "До завтра."),
];

/// Names of groups.
pub(super) const GROUPS: [&str; 12] = [
    "Bridge watchers",
    "Чай по пятницам",
    "Release night",
    "Книжный клуб",
    "Night trains",
    "Тестировщики",
    "Bread and yeast",
    "Поход в горы",
    "Map makers",
    "Кошки района",
    "Second page of the manual",
    "Велосипеды",
];
