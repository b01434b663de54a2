// The signing keys over the Management API with java.net.http. Reads ISSUER, TOKEN and CA_FILE.

import java.io.FileInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

class Keys {
    static HttpClient client;

    public static void main(String[] arguments) throws Exception {
        var builder = HttpClient.newBuilder();
        if (System.getenv("CA_FILE") != null) {
            builder.sslContext(trusting(System.getenv("CA_FILE")));
        }
        client = builder.build();

        // The platform reads no JSON; the members looked at hold no braces and no escaped quotes.
        String keys = call("GET", "keys/signing", 200);
        List<String> current = kids(keys, "current");
        List<String> next = kids(keys, "next");
        check(current.size() == 1 && next.size() == 1, "one current and one next key in " + keys);

        String rotated = call("POST", "keys/signing/rotate", 201);
        check(member(rotated, "cert").startsWith("-----BEGIN CERTIFICATE-----"), "a certificate in " + rotated);
        check(!keys.contains(member(rotated, "kid")), "a new key in " + rotated);
        check(kids(call("GET", "keys/signing/" + next.get(0), 200), "current").equals(next), "the former next key");

        String revoked = call("PUT", "keys/signing/" + current.get(0) + "/revoke", 200);
        check(member(revoked, "kid").equals(current.get(0)), "the revoked key in " + revoked);
    }

    static String call(String method, String path, int status) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(System.getenv("ISSUER") + "api/v2/" + path))
                .header("authorization", "Bearer " + System.getenv("TOKEN"))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build();
        var response = client.send(request, HttpResponse.BodyHandlers.ofString());
        check(response.statusCode() == status, method + " " + path + ": " + response.statusCode() + " " + response.body());
        return response.body();
    }

    static List<String> kids(String json, String state) {
        return Pattern.compile("\\{[^{}]*\\}").matcher(json).results()
                .map(object -> object.group())
                .filter(object -> object.contains("\"" + state + "\":true"))
                .map(object -> member(object, "kid"))
                .collect(Collectors.toList());
    }

    static String member(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        check(found.find(), name + " in " + json);
        return found.group(1);
    }

    static SSLContext trusting(String file) throws Exception {
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (var stream = new FileInputStream(file)) {
            store.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(stream));
        }
        var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(store);
        var context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    static void check(boolean good, String what) {
        if (!good) {
            throw new AssertionError("not as it should be: " + what);
        }
    }
}
