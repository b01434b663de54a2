//! The languages that are compiled, on every system: Go, Java, C#.
//!
//! Only what comes with the language is used. The Java program runs without a step before: `java Request.java`.

use super::Request;
use super::quote::{csharp as csharp_text, go as go_text, java as java_text};

pub(super) fn go(request: &Request<'_>) -> String {
    let headers = request
        .headers(|name, value| format!("\trequest.Header.Set({}, {})\n", go_text(name), go_text(value)));
    let (import, body) = match request.body {
        Some(body) => ("\t\"strings\"\n", format!("strings.NewReader({})", go_text(body))),
        None => ("", "nil".to_owned()),
    };
    format!(
        "package main

import (
\t\"fmt\"
\t\"io\"
\t\"log\"
\t\"net/http\"
{import})

func main() {{
\trequest, err := http.NewRequest({method}, {url}, {body})
\tif err != nil {{
\t\tlog.Fatal(err)
\t}}
{headers}
\tresponse, err := http.DefaultClient.Do(request)
\tif err != nil {{
\t\tlog.Fatal(err)
\t}}
\tdefer response.Body.Close()
\tanswer, err := io.ReadAll(response.Body)
\tif err != nil {{
\t\tlog.Fatal(err)
\t}}
\tfmt.Println(response.Status)
\tfmt.Println(string(answer))
}}
",
        method = go_text(&request.method),
        url = go_text(&request.url),
    )
}

pub(super) fn java(request: &Request<'_>) -> String {
    let headers = request
        .headers(|name, value| format!("            .header({}, {})\n", java_text(name), java_text(value)));
    let body = match request.body {
        Some(body) => format!("ofString({})", java_text(body)),
        None => "noBody()".to_owned(),
    };
    format!(
        "import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Request {{
    public static void main(String[] arguments) throws Exception {{
        var request = HttpRequest.newBuilder(URI.create({url}))
            .method({method}, HttpRequest.BodyPublishers.{body})
{headers}            .build();
        var response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(response.statusCode());
        System.out.println(response.body());
    }}
}}
",
        url = java_text(&request.url),
        method = java_text(&request.method),
    )
}

/// Bytes instead of a text as content: that would come with a content type of its own.
pub(super) fn csharp(request: &Request<'_>) -> String {
    let body = request.body(|body| {
        let body = csharp_text(body);
        format!("request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes({body}));\n")
    });
    let headers = request.headers(|name, value| {
        let of_content = is_of_content(name);
        if of_content && request.body.is_none() {
            return String::new();
        }
        let owner = if of_content { "request.Content.Headers" } else { "request.Headers" };
        format!("{owner}.TryAddWithoutValidation({}, {});\n", csharp_text(name), csharp_text(value))
    });
    let import = request.body(|_| "using System.Text;\n".to_owned());
    format!(
        "using System;
using System.Net.Http;
{import}
using var client = new HttpClient();
using var request = new HttpRequestMessage(new HttpMethod({method}), {url});
{body}{headers}
using var response = await client.SendAsync(request);
Console.WriteLine((int)response.StatusCode);
Console.WriteLine(await response.Content.ReadAsStringAsync());
",
        method = csharp_text(&request.method),
        url = csharp_text(&request.url),
    )
}

/// The headers that .NET keeps at the content and refuses at the request.
fn is_of_content(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("content-") || matches!(&*name, "allow" | "expires" | "last-modified")
}
