//! What belongs to the pages of sign-in: `/u/`.

use chancery::login::pages::assets::{ICON, SCRIPT, STYLE};

use crate::kit::{Call, TestServer};

#[tokio::test]
async fn the_files_of_the_pages_may_be_kept_for_good() {
    let server = TestServer::start().await;
    for (asset, media_type) in [
        (&*STYLE, "text/css; charset=utf-8"),
        (&*SCRIPT, "text/javascript; charset=utf-8"),
        (&*ICON, "image/svg+xml"),
    ] {
        let answer = server.send(Call::get(&asset.path).build()).await;
        assert_eq!(answer.status.as_u16(), 200);
        assert_eq!(answer.header("content-type"), Some(media_type));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(answer.text(), asset.content);
    }
    let unknown = server.send(Call::get("/u/assets/style.0.css").build()).await;
    assert_eq!((unknown.status.as_u16(), unknown.header("cache-control")), (404, Some("no-store")));
}

#[tokio::test]
async fn a_page_that_does_not_exist_says_so_as_a_page() {
    let server = TestServer::start().await;
    let answer = server.send(Call::get("/u/nothing/here").header("accept-language", "de").build()).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (404, Some("text/html; charset=utf-8"))
    );
    assert!(answer.text().contains("<html lang=\"de\""), "{}", answer.text());
}
