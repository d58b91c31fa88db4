//! The content's part of the tables, and of what requests work on.

use poligon_testkit::{Client, Part, TestApp};
use serde_json::{Value, json};

use crate::policy::{ANYBODY, PUBLIC, USER};
use crate::requests::PNG;

/// Who may call what; what somebody may do with an article or a blog is for what they are there to say.
pub(crate) const POLICY: &[(&str, &str)] = &[
    // Categories and tags.
    ("content_list_categories", PUBLIC),
    ("content_get_category_tree", PUBLIC),
    ("content_get_category", PUBLIC),
    ("content_create_category", "taxonomy:write"),
    ("content_put_category", "taxonomy:write"),
    ("content_patch_category", "taxonomy:write"),
    ("content_delete_category", "taxonomy:write"),
    ("content_list_tags", PUBLIC),
    ("content_get_tag", PUBLIC),
    ("content_create_tag", "taxonomy:write"),
    ("content_patch_tag", "taxonomy:write"),
    ("content_merge_tag", "taxonomy:write"),
    ("content_delete_tag", "taxonomy:write"),
    // Blogs.
    ("content_list_blogs", ANYBODY),
    ("content_create_blog", "articles:write"),
    ("content_get_blog", ANYBODY),
    ("content_patch_blog", USER),
    ("content_delete_blog", USER),
    ("content_list_blog_articles", ANYBODY),
    ("content_list_blog_members", USER),
    ("content_put_blog_member", USER),
    ("content_delete_blog_member", USER),
    // Articles.
    ("content_list_articles", ANYBODY),
    ("content_create_article", USER),
    ("content_get_article", ANYBODY),
    ("content_get_article_page", PUBLIC),
    ("content_get_article_draft", USER),
    ("content_put_article", USER),
    ("content_patch_article", USER),
    ("content_delete_article", USER),
    ("content_delete_article_draft", USER),
    ("content_put_article_blog", USER),
    ("content_submit_article", USER),
    ("content_approve_article", USER),
    ("content_request_article_changes", USER),
    ("content_schedule_article", USER),
    ("content_publish_article", USER),
    ("content_unpublish_article", USER),
    ("content_archive_article", USER),
    ("content_list_article_history", USER),
    ("content_list_article_revisions", USER),
    ("content_get_article_revision", USER),
    ("content_diff_article_revisions", USER),
    ("content_restore_article_revision", USER),
    // Comments.
    ("content_list_article_comments", ANYBODY),
    ("content_create_article_comment", USER),
    ("content_put_article_discussion", USER),
    ("content_list_comments", USER), // of an article that one reviews
    ("content_get_comment", ANYBODY),
    ("content_patch_comment", USER),
    ("content_delete_comment", USER),
    ("content_put_comment_status", USER),
    // Media.
    ("content_upload_media", USER), // who writes somewhere
    ("content_list_media", USER),
    ("content_get_media", ANYBODY),
    ("content_patch_media", USER),
    ("content_delete_media", USER),
    ("content_get_media_usage", USER),
    ("content_get_media_file", ANYBODY),
    ("content_link_media", USER),
    // Moderation.
    ("content_create_report", USER),
    ("content_list_my_reports", USER),
    ("content_get_report", USER),
    ("content_list_cases", "content:moderate"),
    ("content_get_case", "content:moderate"),
    ("content_put_case_assignee", "content:moderate"),
    ("content_decide_cases", "content:moderate"),
    ("content_list_moderation_log", "content:moderate"),
    // Feeds.
    ("content_get_rss_feed", PUBLIC),
    ("content_get_atom_feed", PUBLIC),
    ("content_get_blog_rss_feed", PUBLIC),
    ("content_get_blog_atom_feed", PUBLIC),
    ("content_get_sitemap", PUBLIC),
    ("content_get_sitemap_part", PUBLIC),
];

/// Operations on an object that not everybody may call: how the owner of the blog, who has written the draft, is answered,
/// and how a stranger. Neither has a role.
pub(crate) const OBJECTS: &[(&str, u16, u16)] = &[
    ("content_put_category", 403, 403),
    ("content_patch_category", 403, 403),
    ("content_delete_category", 403, 403),
    ("content_patch_tag", 403, 403),
    ("content_merge_tag", 403, 403),
    ("content_delete_tag", 403, 403),
    // Everybody reads a blog, so a stranger is told that they may not change it.
    ("content_patch_blog", 200, 403),
    ("content_delete_blog", 409, 403), // it has an article
    ("content_list_blog_members", 200, 403),
    ("content_put_blog_member", 200, 403),
    ("content_delete_blog_member", 204, 403),
    ("content_get_article_draft", 200, 404),
    ("content_put_article", 200, 404),
    ("content_patch_article", 200, 404),
    ("content_delete_article", 204, 404),
    ("content_delete_article_draft", 404, 404), // there is none beside what is not published
    ("content_put_article_blog", 403, 404),     // out of the blog: for that the owner has no permission
    ("content_submit_article", 200, 404),
    ("content_approve_article", 409, 404), // a draft: see the tests of the content
    ("content_request_article_changes", 409, 404),
    ("content_schedule_article", 409, 404),
    ("content_publish_article", 409, 404),
    ("content_unpublish_article", 409, 404),
    ("content_archive_article", 200, 404),
    ("content_list_article_history", 200, 404),
    ("content_list_article_revisions", 200, 404),
    ("content_get_article_revision", 200, 404),
    ("content_diff_article_revisions", 200, 404),
    ("content_restore_article_revision", 200, 404),
    ("content_create_article_comment", 409, 404), // nobody says anything of a draft
    ("content_put_article_discussion", 204, 404),
    ("content_patch_comment", 200, 404), // it waits, so nobody else sees it
    ("content_delete_comment", 204, 404),
    ("content_put_comment_status", 403, 404),
    // It is private.
    ("content_patch_media", 200, 404),
    ("content_delete_media", 204, 404),
    ("content_get_media_usage", 200, 404),
    ("content_link_media", 200, 404),
    ("content_get_report", 200, 404),
    ("content_get_case", 403, 403), // it is about their comment
    ("content_put_case_assignee", 403, 403),
];

/// Ids of what somebody has in the content.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Texts {
    pub(crate) blog: i64,
    /// Somebody else who is in it.
    pub(crate) member: i64,
    /// A draft in it.
    pub(crate) article: i64,
    /// What they have said of something that is published; it waits for a moderator.
    pub(crate) comment: i64,
    /// A private file of theirs that stands in nothing.
    pub(crate) medium: i64,
    /// What they have reported of something else.
    pub(crate) report: i64,
    /// The case about their comment.
    pub(crate) case: i64,
    /// With nothing in it.
    pub(crate) category: i64,
    /// That nothing has.
    pub(crate) tag: i64,
}

impl Texts {
    /// None of it is there.
    pub(crate) const NONE: Self = Self {
        blog: 999_999,
        member: 999_999,
        article: 999_999,
        comment: 999_999,
        medium: 999_999,
        report: 999_999,
        case: 999_999,
        category: 999_999,
        tag: 999_999,
    };

    /// A path of the content with its ids filled.
    pub(crate) fn fill(&self, path: &str) -> String {
        let ids = [
            ("/comments/", self.comment),
            ("/media/", self.medium),
            ("/reports/", self.report),
            ("/cases/", self.case),
            ("/blogs/", self.blog),
            ("/articles/", self.article),
            ("/categories/", self.category),
            ("/tags/", self.tag),
        ];
        let id = ids.into_iter().find(|(part, _)| path.contains(part)).map_or(0, |(_, id)| id);
        let filled = path.replace("{id}", &id.to_string()).replace("{user_id}", &self.member.to_string());
        filled.replace("{number}", "1")
    }
}

/// One of everything, by `owner`, who has a blog that somebody made for them.
pub(crate) async fn texts_of(app: &TestApp, owner: &Client) -> Texts {
    let api = "/api/content";
    let admin = app.sign_in_as(&["admin"]).await;
    let make = async |by: &Client, path: &str, body: Value| {
        by.post(&format!("{api}/{path}")).json(&body).send().await.expect(201).id()
    };
    let blog = make(&admin, "blogs", json!({"title": "Notes"})).await;
    let join = async |who: i64, role: &str| {
        let path = format!("{api}/blogs/{blog}/members/{who}");
        admin.put(&path).json(&json!({"role": role})).send().await.expect(200);
    };
    join(owner.user_id.expect("an id"), "owner").await;
    let member = app.sign_in_as(&[]).await.user_id.expect("an id");
    join(member, "author").await;
    let article = make(owner, "articles", json!({"title": "Subject", "blog_id": blog})).await;
    let seen = make(&admin, "articles", json!({"title": "Seen"})).await;
    for act in ["submit", "approve", "publish"] {
        admin.post(&format!("{api}/articles/{seen}/{act}")).send().await.expect(200);
    }
    let comment = make(owner, &format!("articles/{seen}/comments"), json!({"body": "Said before"})).await;
    let form = [Part::file("file", "a.png", "image/png", PNG), Part::text("visibility", "private")];
    let medium = owner.post(&format!("{api}/upload")).form(&form).send().await.expect(201);
    let medium = medium.body["items"][0]["id"].as_i64().expect("an id");
    let report = make(owner, "reports", json!({"kind": "article", "id": seen, "reason": "other"})).await;
    let case = case_about(app, &admin, comment).await;
    let category = make(&admin, "categories", json!({"title": "Place"})).await;
    let name = poligon_core::random::hex(&poligon_core::random::bytes::<8>().expect("randomness"));
    let tag = make(&admin, "tags", json!({"name": name})).await;
    Texts { blog, member, article, comment, medium, report, case, category, tag }
}

/// The case about a comment: it waits, or somebody reports it.
async fn case_about(app: &TestApp, admin: &Client, comment: i64) -> i64 {
    let find = async || {
        let path = "/api/content/moderation/cases?kind=comment&sort=newest&limit=5";
        let cases = admin.get(path).send().await.expect(200).body["items"].clone();
        let of_comment = |case: &&Value| case["object"]["id"] == comment;
        cases.as_array().and_then(|all| all.iter().find(of_comment)).and_then(|case| case["id"].as_i64())
    };
    if let Some(id) = find().await {
        return id;
    }
    let report = json!({"kind": "comment", "id": comment, "reason": "other"});
    app.sign_in_as(&[]).await.post("/api/content/reports").json(&report).send().await.expect(201);
    find().await.expect("a case")
}

/// The body of an operation that takes one.
pub(crate) fn body(operation: &str) -> Value {
    match operation {
        "content_upload_media" => json!({"alt": "A picture"}),
        "content_patch_media" => json!({"alt": "Changed"}),
        "content_link_media" => json!({"expires_in": 600}),
        "content_patch_category" => json!({"position": 7}),
        "content_create_tag" => json!({"name": "made here"}),
        "content_patch_tag" => json!({"name": "changed"}),
        "content_merge_tag" => json!({"into_id": 999_998}),
        "content_create_category" | "content_put_category" | "content_create_blog" => json!({"title": "Made here"}),
        "content_patch_blog" => json!({"description": "Changed."}),
        "content_put_blog_member" => json!({"role": "editor"}),
        "content_create_article" | "content_put_article" | "content_patch_article" => json!({"title": "Changed"}),
        "content_put_article_blog" => json!({"blog_id": null}),
        "content_request_article_changes" => json!({"note": "Shorter."}),
        "content_create_article_comment" | "content_patch_comment" => json!({"body": "Said here"}),
        "content_put_article_discussion" => json!({"open": false}),
        "content_put_comment_status" => json!({"status": "spam"}),
        "content_create_report" => json!({"kind": "comment", "id": 999_998, "reason": "spam"}),
        "content_put_case_assignee" => json!({"assignee_id": null}),
        "content_decide_cases" => json!({"decisions": [{"case_id": 999_998, "decision": "approve"}]}),
        "content_schedule_article" => json!({"publish_at": "2100-01-01T00:00:00Z"}),
        other => panic!("{other}: what does its body look like? Say so here"),
    }
}
