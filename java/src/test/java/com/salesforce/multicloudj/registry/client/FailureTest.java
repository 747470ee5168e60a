package com.salesforce.multicloudj.registry.client;

import static com.salesforce.multicloudj.registry.support.Pulls.assertFiles;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.common.exceptions.InvalidArgumentException;
import com.salesforce.multicloudj.common.exceptions.ResourceExhaustedException;
import com.salesforce.multicloudj.common.exceptions.ResourceNotFoundException;
import com.salesforce.multicloudj.common.exceptions.SubstrateSdkException;
import com.salesforce.multicloudj.common.exceptions.UnAuthorizedException;
import com.salesforce.multicloudj.common.exceptions.UnSupportedOperationException;
import com.salesforce.multicloudj.common.exceptions.UnknownException;
import com.salesforce.multicloudj.registry.internal.NoLeaks;
import com.salesforce.multicloudj.registry.support.TestRegistry;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bad input and bad luck: each has its exception, and nothing is left or lost. */
@ExtendWith(NoLeaks.class)
class FailureTest {
    private static final String HEX64 = "0123456789abcdef".repeat(4);
    private static final Class<UnknownException> UNKNOWN = UnknownException.class;

    private static TestRegistry registry;

    @TempDir
    Path dir;

    @BeforeAll
    static void start() {
        registry = TestRegistry.start();
    }

    @AfterAll
    static void stop() {
        registry.close();
    }

    @BeforeEach
    void reset() {
        registry.reset();
    }

    /** Reference, fault, exception, and a part of its message. */
    static Arguments[] table() {
        String blobs = "GET /v2/app/blobs/* ";
        String manifests = "GET /v2/app/manifests/* ";
        return new Arguments[] {
            Arguments.of("app:missing", "", ResourceNotFoundException.class, "404"),
            Arguments.of("nowhere:latest", "", ResourceNotFoundException.class, "404"),
            Arguments.of("app@sha256:" + HEX64, "", ResourceNotFoundException.class, "404"),
            Arguments.of("app:schema1", "", UnSupportedOperationException.class, "schema"),
            Arguments.of("app:helm", "", UnSupportedOperationException.class, "helm"),
            Arguments.of("app:both", "", UNKNOWN, "manifest"),
            Arguments.of("app:wrongdigest", "", UNKNOWN, "sha256:"),
            Arguments.of("app:wrongsize", "", UNKNOWN, "bytes"),
            Arguments.of("app:gzip", manifests + "status=401", UnAuthorizedException.class, "401"),
            Arguments.of("app:gzip", manifests + "status=403", UnAuthorizedException.class, "403"),
            Arguments.of("app:gzip", blobs + "status=403", UnAuthorizedException.class, "403"),
            Arguments.of("app:gzip", manifests + "status=429", ResourceExhaustedException.class, "429"),
            Arguments.of("app:gzip", manifests + "status=500", UNKNOWN, "500"),
            Arguments.of("app:gzip", manifests + "body=\"{\"", UNKNOWN, "manifest"),
            Arguments.of("app:gzip", manifests + "reset", UNKNOWN, "reset"),
            Arguments.of("app:gzip", blobs + "status=404", ResourceNotFoundException.class, "404"),
            Arguments.of("app:gzip", blobs + "cut=100", UNKNOWN, " after "),
            Arguments.of("app:gzip", blobs + "short=10", UNKNOWN, "bytes"),
            Arguments.of("app:gzip", blobs + "extra=10", UNKNOWN, "bytes"),
            Arguments.of("app:gzip", blobs + "flip=20", UNKNOWN, "sha256:"),
        };
    }

    @ParameterizedTest(name = "{0} {1}: {2}")
    @MethodSource("table")
    void eachHasItsExceptionAndTheOldFileStays(
            String reference, String fault, Class<? extends SubstrateSdkException> expected, String part)
            throws Exception {
        registry.fault(fault);
        Path tar = Files.writeString(dir.resolve("image.tar"), "old");
        try (RepositoryClient client = registry.client()) {
            SubstrateSdkException e =
                    assertThrows(SubstrateSdkException.class, () -> client.pullImage(reference, tar));
            assertInstanceOf(expected, e);
            assertTrue(e.getMessage().contains(part), e.getMessage());
            assertTrue(e.getMessage().contains(registry.host()), e.getMessage());
        }
        assertEquals("old", Files.readString(tar));
        assertFiles(dir, "image.tar");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "App:v1", "app:", "app:v 1", "https://example.com/app", "app@sha256:abc", "a//b", "app\u0000", "\ud83d:v1",
        "example.com/app"
    })
    void aBadReferenceIsToldBeforeAnyRequest(String reference) throws Exception {
        try (RepositoryClient client = registry.client()) {
            assertThrows(InvalidArgumentException.class, () -> client.pullImage(reference, dir.resolve("image.tar")));
            assertThrows(InvalidArgumentException.class, () -> client.pullImage(null, dir.resolve("image.tar")));
        }
        assertFiles(dir);
        assertEquals(0, registry.requests("GET", "/v2/"));
    }

    @ParameterizedTest
    @ValueSource(strings = {".", "missing/image.tar", "/dev/null", "/", "file/image.tar"})
    void aBadDestinationIsToldBeforeAnyRequest(String name) throws Exception {
        Path file = Files.writeString(dir.resolve("file"), "old");
        try (RepositoryClient client = registry.client()) {
            assertThrows(InvalidArgumentException.class, () -> client.pullImage("app:gzip", dir.resolve(name)));
            assertThrows(InvalidArgumentException.class, () -> client.pullImage("app:gzip", null));
        }
        assertEquals("old", Files.readString(file));
        assertFiles(dir, "file");
        assertEquals(0, registry.requests("GET", "/v2/"));
    }

    @Test
    void aDestinationThatCannotBeWrittenIsTold() {
        try (RepositoryClient client = registry.client()) {
            SubstrateSdkException e = assertThrows(
                    SubstrateSdkException.class, () -> client.pullImage("app:gzip", Paths.get("/proc/image.tar")));
            assertTrue(e.getMessage().contains("/proc"), e.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "ftp://127.0.0.1", "https://registry.example.com/v2", "https://user:pw@host",
        "registry.example.com", "https://host?x=1"
    })
    void aBadEndpointIsToldByBuild(String endpoint) {
        RepositoryClientBuilder builder = RepositoryClient.builder("oci").withEndpoint(URI.create(endpoint));
        InvalidArgumentException e = assertThrows(InvalidArgumentException.class, builder::build);
        assertFalse(e.getMessage().contains("pw"), e.getMessage());
    }

    @Test
    void aBadSettingIsToldByBuild() {
        for (RepositoryClientBuilder bad : List.of(
                RepositoryClient.builder("oci").withOption("colour", "red"),
                RepositoryClient.builder("oci").withOption("max-connections", "many"),
                RepositoryClient.builder("oci").withMaxConnections(0),
                RepositoryClient.builder("oci").withRepository("My-Team"),
                RepositoryClient.builder("oci").withLogin("user", "password"),
                RepositoryClient.builder("oci").withTrustedCertificates(dir.resolve("missing.pem")),
                RepositoryClient.builder("oci").withRepository("lone\ud83d"))) {
            assertThrows(InvalidArgumentException.class, bad::build);
        }
        RepositoryClientBuilder builder = RepositoryClient.builder("oci");
        assertThrows(InvalidArgumentException.class, () -> builder.withOption("provider", "callback"));
        assertThrows(InvalidArgumentException.class, () -> builder.withOption(null, "x"));
        assertThrows(InvalidArgumentException.class, () -> builder.withLogin("user", null));
    }

    @Test
    void nobodyAtHomeIsToldWithTheReason() {
        try (RepositoryClient client =
                RepositoryClient.builder("oci").withEndpoint(URI.create("http://127.0.0.1:1")).build()) {
            UnknownException e =
                    assertThrows(UNKNOWN, () -> client.pullImage("app:gzip", dir.resolve("image.tar")));
            assertTrue(everything(e).contains("refused"), everything(e));
        }
    }

    @Test
    void plainHttpIsForLoopbackAlone() throws Exception {
        // An address of a documentation network (RFC 5737): were it dialled, the test would hang.
        try (RepositoryClient client =
                RepositoryClient.builder("oci").withEndpoint(URI.create("http://192.0.2.1")).build()) {
            InvalidArgumentException e = assertThrows(
                    InvalidArgumentException.class, () -> client.pullImage("app:gzip", dir.resolve("image.tar")));
            assertTrue(e.getMessage().contains("https"), e.getMessage());
        }
    }

    @Test
    void aPasswordIsInNoMessage() throws Exception {
        try (TestRegistry guarded = TestRegistry.start("--auth", "basic", "--user", "u", "--password", "right");
                RepositoryClient client = guarded.clientBuilder().withLogin("u", "S3cr3t-wrong").build()) {
            UnAuthorizedException e = assertThrows(
                    UnAuthorizedException.class, () -> client.pullImage("app:gzip", dir.resolve("image.tar")));
            assertFalse(everything(e).contains("S3cr3t"), everything(e));
        }
        assertFiles(dir);
    }

    private static String everything(Throwable e) {
        StringWriter text = new StringWriter();
        e.printStackTrace(new PrintWriter(text));
        return text.toString();
    }
}
