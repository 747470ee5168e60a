package com.salesforce.multicloudj.registry.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.common.exceptions.InvalidArgumentException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageReferenceTest {
    private static final String HEX64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private static final String SHA256 = "sha256:" + HEX64;
    private static final String SHA512 = "sha512:" + HEX64 + HEX64;

    @ParameterizedTest(name = "{0}")
    @CsvSource(nullValues = "-", value = {
        // reference, registry, repository, tag
        "my-image:latest, -, my-image, latest",
        "nginx, -, nginx, latest",
        "library/nginx:1.27, -, library/nginx, 1.27",
        "gcr.io/project/image:v1, gcr.io, project/image, v1",
        "localhost/app, localhost, app, latest",
        "localhost:5000/app:v1, localhost:5000, app, v1",
        "registry:5000/app, registry:5000, app, latest",
        "127.0.0.1:5000/a/b/c:x, 127.0.0.1:5000, a/b/c, x",
        "[::1]:5000/app:v1, [::1]:5000, app, v1",
        "[2001:db8::1]/app, [2001:db8::1], app, latest",
        "EXAMPLE.com/app, EXAMPLE.com, app, latest",
        "my-team/app, -, my-team/app, latest",
        "a__b/c.d-e--f:Tag_1.0-rc, -, a__b/c.d-e--f, Tag_1.0-rc",
        "registry:5000, -, registry, 5000",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app:v1, 123456789012.dkr.ecr.us-east-1.amazonaws.com,"
                + " team/app, v1",
    })
    void readsTheParts(String text, String registry, String repository, String tag) {
        ImageReference reference = ImageReference.parse(text);
        assertEquals(registry, reference.getRegistry());
        assertEquals(repository, reference.getRepository());
        assertEquals(tag, reference.getTag());
        assertEquals(tag, reference.getReference());
        assertEquals(false, reference.isDigest());
        assertEquals(null, reference.getDigest());
    }

    @ParameterizedTest
    @ValueSource(strings = {SHA256, SHA512})
    void aDigestIsTheReference(String digest) {
        ImageReference reference = ImageReference.parse("gcr.io/project/image@" + digest);
        assertTrue(reference.isDigest());
        assertEquals(digest, reference.getReference());
        assertEquals(digest, reference.getDigest());
        assertEquals(null, reference.getTag());
        assertEquals("project/image", reference.getRepository());
    }

    @Test
    void withTagAndDigestTheDigestDecidesAndTheTagNames() {
        ImageReference reference = ImageReference.parse("host:443/app:v1@" + SHA256);
        assertEquals(SHA256, reference.getReference());
        assertEquals("v1", reference.getTag());
        assertTrue(reference.isDigest());
    }

    @ParameterizedTest(name = "\"{0}\": {1}")
    @CsvSource(value = {
        "''                    | empty",
        "' nginx'              | component",
        "'nginx '              | component",
        "Nginx                 | lower-case",
        "gcr.io/Project/image  | lower-case",
        "a//b                  | empty component",
        "/a                    | empty component",
        "a/                    | empty component",
        "gcr.io/               | missing",
        "gcr.io/:v1            | missing",
        "[::1/app              | host",
        "[1:2]:5000/app        | IPv6",
        "a..b                  | component",
        "a___b                 | component",
        "-a                    | component",
        "a-                    | component",
        "a/../b                | component",
        "app:                  | tag",
        "app:-v1               | tag",
        "app:v1:v2             | component",
        "app:v 1               | tag",
        "https://gcr.io/app    | scheme",
        "-bad.example/app      | host",
        "host:port/app         | port",
        "host:99999/app        | port",
        "host:/app             | port",
        "user@host/app         | digest",
        "app@                  | digest",
        "app@sha256            | digest",
        "app@sha256:abc123     | sha256",
        "app@md5:d41d8cd98f00b204e9800998ecf8427e | algorithm",
        "äpp                   | component",
    }, delimiter = '|')
    void saysWhichRuleIsBrokenAndShowsTheInput(String text, String rule) {
        InvalidArgumentException e = assertThrows(InvalidArgumentException.class, () -> ImageReference.parse(text));
        assertTrue(e.getMessage().contains(rule), e.getMessage());
        assertTrue(e.getMessage().contains(text), e.getMessage());
    }

    @Test
    void refusesDigestsInTheWrongShape() {
        for (String digest : new String[] {
            "sha256:" + HEX64.toUpperCase(), SHA256 + "0", SHA256 + "@" + SHA256, "sha512:" + HEX64, SHA256 + ":v1"
        }) {
            assertThrows(InvalidArgumentException.class, () -> ImageReference.parse("app@" + digest), digest);
        }
    }

    @Test
    void lengthsHaveLimits() {
        String tag = "t".repeat(128);
        assertEquals(tag, ImageReference.parse("app:" + tag).getTag());
        assertThrows(InvalidArgumentException.class, () -> ImageReference.parse("app:t" + tag));
        String name = "n".repeat(255);
        assertEquals(name, ImageReference.parse(name).getRepository());
        assertThrows(InvalidArgumentException.class, () -> ImageReference.parse("n" + name));
    }

    @Test
    void aTagOrDigestAloneMeansTheClientsRepository() {
        assertEquals("", ImageReference.parse(":v1").getRepository());
        assertEquals(":v1", ImageReference.parse(":v1").toString());
        assertEquals("@" + SHA256, ImageReference.parse("@" + SHA256).toString());
    }

    @Test
    void nullIsRefused() {
        assertThrows(InvalidArgumentException.class, () -> ImageReference.parse(null));
    }

    @Test
    void printsInFullAndEqualsByWhatItPrints() {
        assertEquals("nginx:latest", ImageReference.parse("nginx").toString());
        assertEquals(ImageReference.parse("nginx"), ImageReference.parse("nginx:latest"));
        assertEquals(ImageReference.parse("nginx").hashCode(), ImageReference.parse("nginx:latest").hashCode());
        assertNotEquals(ImageReference.parse("nginx"), ImageReference.parse("localhost/nginx"));
        String full = "host:5000/a/b:v1@" + SHA256;
        assertEquals(full, ImageReference.parse(full).toString());
    }
}
