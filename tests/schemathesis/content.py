"""What the fuzzer has to know of the content: categories, tags, blogs and articles in every state, made for the case. The demo
administrator calls, and may do everything.
"""

from datetime import datetime, timedelta, timezone

import network
from callers import Admin, Person, ask, numbers
from network import say

known: dict[str, int] = {}


BY_NAME = ("tags/{id}", "blogs/{id}", "blogs/{id}/articles", "blogs/{id}/feed.rss", "blogs/{id}/feed.atom", "articles/{id}",
    "articles/{id}/page")  # fmt: skip


def at(case, id_, name="id"):
    """The case is about this one. Where a slug may stand for an id, the document calls both a string."""
    named = case.operation.method.upper() == "GET" and case.operation.path in {f"/api/content/{end}" for end in BY_NAME}
    network.at(case, str(id_) if named else id_, name)


def content(method, path, body=None, **more):
    return ask(method, f"content/{path}", body, Admin.get(), **more)


# Categories and tags.


def new_category():
    return content("POST", "categories", {"title": f"Fuzzed {next(numbers)}"})["id"]


def plain_category(case):
    """The schema cannot say which categories there are."""
    case.body.pop("parent_id", None)
    case.body.pop("slug", None)


def real_category(case):
    at(case, new_category())
    if isinstance(case.body, dict):
        plain_category(case)
    if case.query:
        case.query.pop("move_to", None)


def real_used_category(case):
    """One that is not empty, and another that takes what is in it."""
    at(case, new_category())
    if case.query and "move_to" in case.query:
        content("POST", "categories", {"title": "Below", "parent_id": case.path_parameters["id"]})
        case.query["move_to"] = str(new_category())


def new_tag():
    return content("POST", "tags", {"name": f"fuzzed {next(numbers)}"})["id"]


def plain_tag(case):
    case.body.pop("slug", None)
    if "name" in case.body:
        case.body["name"] = f"Fuzzed №{next(numbers)}"


def real_tag(case):
    at(case, new_tag())
    if isinstance(case.body, dict):
        plain_tag(case)
    if case.query and "move_to" in case.query:
        case.query["move_to"] = str(new_tag())


def real_merge(case):
    at(case, new_tag())
    case.body["into_id"] = new_tag()


# Blogs.


def new_blog():
    return content("POST", "blogs", {"title": f"Fuzzed {next(numbers)}"})["id"]


def blog():
    """The same again and again: nobody is in very many. One that was deleted meanwhile is replaced."""
    found = known.get("blog")
    if found is None or "id" not in (content("GET", f"blogs/{found}", expected=(200, 404)) or {}):
        found = known["blog"] = founded()
    return found


def founded():
    """A new blog, of which there is room for one more: the administrator leaves those of before."""
    for old in content("GET", "blogs?mine=true&limit=100")["items"]:
        content("DELETE", f"blogs/{old['id']}", expected=(204, 404, 409))
    return new_blog()


def plain_blog(case):
    case.body.pop("slug", None)
    case.body.pop("cover_id", None)


def real_new_blog(case):
    founded()
    plain_blog(case)


def real_blog(case):
    at(case, blog())
    if isinstance(case.body, dict):
        plain_blog(case)


def real_spare_blog(case):
    at(case, founded())


def real_blog_member(case):
    at(case, blog())
    at(case, Person().id, "user_id")


def real_gone_blog_member(case):
    real_blog_member(case)
    path = f"blogs/{case.path_parameters['id']}/members/{case.path_parameters['user_id']}"
    content("PUT", path, {"role": "author"})


# Articles.


def new_article():
    return content("POST", "articles", {"title": f"Fuzzed {next(numbers)}", "body": "# Of *tests*", "tags": ["fuzzed"]})["id"]


def act(id_, *acts):
    for one in acts:
        content("POST", f"articles/{id_}/{one}")
    return id_


def published():
    return act(new_article(), "submit", "approve", "publish")


def plain_article(case):
    """The schema cannot say who may write where, which categories there are, nor what names a tag."""
    for name in ("author_ids", "category_ids", "blog_id", "slug", "canonical_url", "cover_id"):
        case.body.pop(name, None)
    if case.body.get("tags"):
        case.body["tags"] = ["fuzzed", f"Fuzzed {next(numbers) % 7}"]
    if not str(case.body.get("title", "x")).isprintable() or not str(case.body.get("title", "x")).strip():
        case.body["title"] = "Fuzzed"


def real_draft(case):
    at(case, new_article())
    if isinstance(case.body, dict):
        plain_article(case)


def real_seen(case):
    """By its id, or by a slug that it had."""
    id_ = published()
    if next(numbers) % 3 == 0:
        old = content("GET", f"articles/{id_}")["slug"]
        content("PATCH", f"articles/{id_}", {"slug": f"fuzzed-{next(numbers)}-now"})
        at(case, old)
    else:
        at(case, id_)


def real_published(case):
    at(case, published())
    if isinstance(case.body, dict):
        plain_article(case)


def real_beside(case):
    id_ = published()
    content("PATCH", f"articles/{id_}", {"title": "Beside"})
    at(case, id_)


def real_submitted(case):
    at(case, act(new_article(), "submit"))


def real_changes(case):
    real_submitted(case)
    case.body["note"] = "Shorter, please"


def real_approved(case):
    at(case, act(new_article(), "submit", "approve"))


def real_schedule(case):
    real_approved(case)
    soon = datetime.now(timezone.utc) + timedelta(days=30)
    case.body["publish_at"] = soon.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def real_move(case):
    at(case, new_article())
    case.body["blog_id"] = [None, blog()][next(numbers) % 2]


def real_revision(case):
    at(case, new_article())
    content("PATCH", f"articles/{case.path_parameters['id']}", {"body": "Another"})
    at(case, 2, "number")
    if case.query and "from" in case.query:
        case.query["from"] = "1"


# Comments.


def new_comment():
    return content("POST", f"articles/{published()}/comments", {"body": "Said by nobody in particular"})


def real_discussion(case):
    at(case, published())
    if isinstance(case.body, dict) and "body" in case.body:
        say(case)
        case.body.pop("parent_id", None)
    if case.query:
        case.query.pop("parent_id", None)


def real_reply(case):
    made = new_comment()
    at(case, made["article_id"])
    say(case)
    case.body["parent_id"] = [None, made["id"]][next(numbers) % 2]


def real_comment(case):
    at(case, new_comment()["id"])
    if isinstance(case.body, dict) and "body" in case.body:
        say(case)
    if isinstance(case.body, dict) and "status" in case.body:
        case.body |= {"status": ["spam", "trash"][next(numbers) % 2], "reason": "Seen too often"}


# Media.


def new_medium(private=False):
    number = next(numbers)
    files = {"file": (f"{number}.pdf", b"%PDF-1.7\n" + str(number).encode(), "application/pdf")}
    said = {"visibility": "private" if private else "public"}
    return content("POST", "upload", files=files, data=said)["items"][0]["id"]


def real_medium(case):
    at(case, new_medium(next(numbers) % 2 == 0))
    if isinstance(case.body, dict) and "name" in case.body:
        case.body["name"] = f"fuzzed {next(numbers)}.png"


def real_file(case):
    real_medium(case)
    if case.query:
        for name in ("expires", "signature"):
            case.query.pop(name, None)
        # Sizes and formats are of images.
        case.query.pop("format", None)
        if case.query.get("size", "original") != "original":
            case.query.pop("size", None)


# Moderation. What the administrator has written is not theirs to decide on, so others say it.


def said_by_somebody():
    return ask("POST", f"content/articles/{published()}/comments", {"body": "Said by somebody"}, network.Somebody().token)["id"]


def new_case():
    said = said_by_somebody()
    found = content("GET", "moderation/cases?kind=comment&sort=newest&limit=100")["items"]
    return next(case["id"] for case in found if case["object"]["id"] == said)


def real_new_report(case):
    case.body |= {"kind": "comment", "id": said_by_somebody()}
    case.body.pop("note", None)


def real_report(case):
    at(case, content("POST", "reports", {"kind": "comment", "id": said_by_somebody(), "reason": "other"})["id"])


def real_case(case):
    at(case, new_case())


def real_assignee(case):
    real_case(case)
    case.body["assignee_id"] = [None, content("GET", "articles?mine=true&limit=1")["items"][0]["authors"][0]["id"]][next(numbers) % 2]


def real_decisions(case):
    said = {"decision": ["approve", "spam", "trash"][next(numbers) % 3], "reason": "Seen too often"}
    case.body["decisions"] = [{"case_id": new_case(), **said}]


def real_sitemap(case):
    case.path_parameters["number"] = 1


REAL = {
    "POST /api/content/categories": plain_category,
    "GET /api/content/categories/{id}": real_category,
    "PUT /api/content/categories/{id}": real_category,
    "PATCH /api/content/categories/{id}": real_category,
    "DELETE /api/content/categories/{id}": real_used_category,
    "POST /api/content/tags": plain_tag,
    "GET /api/content/tags/{id}": real_tag,
    "PATCH /api/content/tags/{id}": real_tag,
    "DELETE /api/content/tags/{id}": real_tag,
    "POST /api/content/tags/{id}/merge": real_merge,
    "POST /api/content/blogs": real_new_blog,
    "GET /api/content/blogs/{id}": real_blog,
    "PATCH /api/content/blogs/{id}": real_blog,
    "DELETE /api/content/blogs/{id}": real_spare_blog,
    "GET /api/content/blogs/{id}/articles": real_blog,
    "GET /api/content/blogs/{id}/feed.rss": real_blog,
    "GET /api/content/blogs/{id}/feed.atom": real_blog,
    "GET /api/content/blogs/{id}/members": real_blog,
    "PUT /api/content/blogs/{id}/members/{user_id}": real_blog_member,
    "DELETE /api/content/blogs/{id}/members/{user_id}": real_gone_blog_member,
    "POST /api/content/articles": plain_article,
    "GET /api/content/articles/{id}": real_seen,
    "GET /api/content/articles/{id}/page": real_seen,
    "GET /api/content/articles/{id}/draft": real_draft,
    "PUT /api/content/articles/{id}": real_draft,
    "PATCH /api/content/articles/{id}": real_published,
    "DELETE /api/content/articles/{id}": real_published,
    "DELETE /api/content/articles/{id}/draft": real_beside,
    "PUT /api/content/articles/{id}/blog": real_move,
    "POST /api/content/articles/{id}/submit": real_draft,
    "POST /api/content/articles/{id}/approve": real_submitted,
    "POST /api/content/articles/{id}/request-changes": real_changes,
    "POST /api/content/articles/{id}/schedule": real_schedule,
    "POST /api/content/articles/{id}/publish": real_approved,
    "POST /api/content/articles/{id}/unpublish": real_published,
    "POST /api/content/articles/{id}/archive": real_published,
    "GET /api/content/articles/{id}/history": real_draft,
    "GET /api/content/articles/{id}/revisions": real_draft,
    "GET /api/content/articles/{id}/revisions/{number}": real_revision,
    "GET /api/content/articles/{id}/revisions/{number}/diff": real_revision,
    "POST /api/content/articles/{id}/revisions/{number}/restore": real_revision,
    "GET /api/content/articles/{id}/comments": real_discussion,
    "POST /api/content/articles/{id}/comments": real_reply,
    "PUT /api/content/articles/{id}/discussion": real_discussion,
    "GET /api/content/comments/{id}": real_comment,
    "PATCH /api/content/comments/{id}": real_comment,
    "DELETE /api/content/comments/{id}": real_comment,
    "PUT /api/content/comments/{id}/status": real_comment,
    "GET /api/content/media/{id}": real_medium,
    "PATCH /api/content/media/{id}": real_medium,
    "DELETE /api/content/media/{id}": real_medium,
    "GET /api/content/media/{id}/usage": real_medium,
    "GET /api/content/media/{id}/file": real_file,
    "POST /api/content/media/{id}/links": real_medium,
    "POST /api/content/reports": real_new_report,
    "GET /api/content/reports/{id}": real_report,
    "GET /api/content/moderation/cases/{id}": real_case,
    "PUT /api/content/moderation/cases/{id}/assignee": real_assignee,
    "POST /api/content/moderation/decisions": real_decisions,
    "GET /api/content/sitemaps/{number}": real_sitemap,
}


def name_what_exists(query):
    """The schema cannot say what there is to filter by, nor that an order by relevance needs words."""
    for name in ("category", "tag", "blog"):
        query.pop(name, None)
    if "author" in query:
        query["author"] = "admin"
    if query.get("sort") == "relevance":
        query.setdefault("q", "tests")


QUERIES = {"GET /api/content/articles": name_what_exists, "GET /api/content/blogs/{id}/articles": name_what_exists}
