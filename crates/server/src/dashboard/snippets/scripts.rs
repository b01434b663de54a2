//! The languages that are run as they are written: shell, JavaScript, Python, PHP, Ruby.
//!
//! Only what comes with the language is used, so that nothing has to be installed.

use super::Request;
use super::quote::{javascript, php as php_text, python as python_text, ruby as ruby_text, shell};

/// `--data-raw`, because `--data` reads a file if the text begins with `@`.
pub(super) fn curl(request: &Request<'_>) -> String {
    let method = if request.method == "HEAD" { "--head".to_owned() } else { curl_method(&request.method) };
    let mut parts = vec![format!("curl {method}"), format!("--url {}", shell(&request.url))];
    parts.extend(
        request.headers.iter().map(|(name, value)| format!("--header {}", shell(&header(name, value)))),
    );
    parts.extend(request.body.map(|body| format!("--data-raw {}", shell(body))));
    parts.join(" \\\n  ") + "\n"
}

fn curl_method(method: &str) -> String {
    let plain = method.bytes().all(|byte| byte.is_ascii_uppercase());
    format!("--request {}", if plain { method.to_owned() } else { shell(method) })
}

/// A header as curl wants it: a colon without a value means "do not send", a semicolon "send it empty".
fn header(name: &str, value: &str) -> String {
    if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") }
}

pub(super) fn node(request: &Request<'_>) -> String {
    let headers =
        request.headers(|name, value| format!("    {}: {},\n", javascript(name), javascript(value)));
    let body = request.body(|body| format!("  body: {},\n", javascript(body)));
    format!(
        "// request.mjs, for Node.js 18 or newer: node request.mjs
const response = await fetch({url}, {{
  method: {method},
  headers: {{
{headers}  }},
{body}}});
console.log(response.status, await response.text());
",
        url = javascript(&request.url),
        method = javascript(&request.method),
    )
}

pub(super) fn python(request: &Request<'_>) -> String {
    let headers =
        request.headers(|name, value| format!("    {}: {},\n", python_text(name), python_text(value)));
    let body = request.body(|body| format!("body = {}\n", python_text(body)));
    // A text would be sent as Latin-1.
    let send = if request.body.is_some() { "body.encode(), headers" } else { "headers=headers" };
    let (connection, host, target) = connection(&request.url);
    format!(
        "import http.client

headers = {{
{headers}}}
{body}
connection = http.client.{connection}({host})
connection.request({method}, {target}, {send})
response = connection.getresponse()
print(response.status)
print(response.read().decode())
",
        host = python_text(host),
        method = python_text(&request.method),
        target = python_text(&target),
    )
}

/// The class of Python's connection, its host, and what is asked for there.
fn connection(url: &str) -> (&'static str, &str, String) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let whole = rest.split('#').next().unwrap_or_default();
    let (host, target) = whole.split_at(whole.find(['/', '?']).unwrap_or(whole.len()));
    let slash = if target.starts_with('/') { "" } else { "/" };
    let class = if scheme.eq_ignore_ascii_case("http") { "HTTPConnection" } else { "HTTPSConnection" };
    (class, host, format!("{slash}{target}"))
}

pub(super) fn php(request: &Request<'_>) -> String {
    let headers = request.headers(|name, value| format!("        {},\n", php_text(&header(name, value))));
    let body = request.body(|body| format!("    CURLOPT_POSTFIELDS => {},\n", php_text(body)));
    let bare = if request.method == "HEAD" { "    CURLOPT_NOBODY => true,\n" } else { "" };
    format!(
        "<?php

$request = curl_init({url});
curl_setopt_array($request, [
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_CUSTOMREQUEST => {method},
{bare}    CURLOPT_HTTPHEADER => [
{headers}    ],
{body}]);
$answer = curl_exec($request);
if ($answer === false) {{
    fwrite(STDERR, curl_error($request) . \"\\n\");
    exit(1);
}}
echo curl_getinfo($request, CURLINFO_RESPONSE_CODE), \"\\n\", $answer, \"\\n\";
",
        url = php_text(&request.url),
        method = php_text(&request.method),
    )
}

pub(super) fn ruby(request: &Request<'_>) -> String {
    let headers =
        request.headers(|name, value| format!("request[{}] = {}\n", ruby_text(name), ruby_text(value)));
    let body = request.body(|body| format!("request.body = {}\n", ruby_text(body)));
    let new = match &*request.method {
        "GET" => "HTTP::Get.new(uri)".to_owned(),
        "HEAD" => "HTTP::Head.new(uri)".to_owned(),
        "POST" => "HTTP::Post.new(uri)".to_owned(),
        "PUT" => "HTTP::Put.new(uri)".to_owned(),
        "PATCH" => "HTTP::Patch.new(uri)".to_owned(),
        "DELETE" => "HTTP::Delete.new(uri)".to_owned(),
        // Told whether it sends a body and gets one.
        other => {
            format!("HTTPGenericRequest.new({}, {}, true, uri)", ruby_text(other), request.body.is_some())
        }
    };
    format!(
        "require 'net/http'

uri = URI({url})
request = Net::{new}
{headers}{body}
response = Net::HTTP.start(uri.hostname, uri.port, use_ssl: uri.scheme == 'https') do |http|
  http.request(request)
end
puts response.code, response.body
",
        url = ruby_text(&request.url),
    )
}
