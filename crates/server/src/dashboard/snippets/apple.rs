//! The languages of Apple's systems: Swift and Objective-C, both with `URLSession`.

use super::Request;
use super::quote::{objc as objc_text, swift as swift_text};

/// Outside Apple's systems the network is a part of its own.
pub(super) fn swift(request: &Request<'_>) -> String {
    let headers = request.headers(|name, value| {
        let (name, value) = (swift_text(name), swift_text(value));
        format!("request.setValue({value}, forHTTPHeaderField: {name})\n")
    });
    let body = request.body(|body| format!("request.httpBody = Data({}.utf8)\n", swift_text(body)));
    format!(
        "import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

var request = URLRequest(url: URL(string: {url})!)
request.httpMethod = {method}
{headers}{body}
let (data, response) = try await URLSession.shared.data(for: request)
print((response as! HTTPURLResponse).statusCode)
print(String(decoding: data, as: UTF8.self))
",
        url = swift_text(&request.url),
        method = swift_text(&request.method),
    )
}

/// `main` waits: a program that ends takes its tasks with it.
pub(super) fn objc(request: &Request<'_>) -> String {
    let headers = request.headers(|name, value| {
        let (name, value) = (objc_text(name), objc_text(value));
        format!("        [request setValue:{value} forHTTPHeaderField:{name}];\n")
    });
    let body = request.body(|body| {
        let body = objc_text(body);
        format!("        request.HTTPBody = [{body} dataUsingEncoding:NSUTF8StringEncoding];\n")
    });
    format!(
        "#import <Foundation/Foundation.h>

int main(void) {{
    @autoreleasepool {{
        NSURL *url = [NSURL URLWithString:{url}];
        NSMutableURLRequest *request = [NSMutableURLRequest requestWithURL:url];
        request.HTTPMethod = {method};
{headers}{body}
        dispatch_semaphore_t done = dispatch_semaphore_create(0);
        [[NSURLSession.sharedSession dataTaskWithRequest:request
                                       completionHandler:^(NSData *data, NSURLResponse *response, NSError *error) {{
            if (error) {{
                NSLog(@\"%@\", error);
            }} else {{
                printf(\"%ld\\n\", (long)((NSHTTPURLResponse *)response).statusCode);
                fwrite(data.bytes, 1, data.length, stdout);
                printf(\"\\n\");
            }}
            dispatch_semaphore_signal(done);
        }}] resume];
        dispatch_semaphore_wait(done, DISPATCH_TIME_FOREVER);
    }}
    return 0;
}}
",
        url = objc_text(&request.url),
        method = objc_text(&request.method),
    )
}
