package com.salesforce.multicloudj.registry.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.common.exceptions.InvalidArgumentException;
import com.salesforce.multicloudj.common.exceptions.ResourceNotFoundException;
import com.salesforce.multicloudj.registry.client.PullOptions.ArchiveFormat;
import com.salesforce.multicloudj.registry.client.PullOptions.LayerEncoding;
import com.salesforce.multicloudj.registry.internal.NoLeaks;
import com.salesforce.multicloudj.registry.model.ImageMetadata;
import com.salesforce.multicloudj.registry.model.Platform;
import com.salesforce.multicloudj.registry.model.PullResult;
import com.salesforce.multicloudj.registry.support.Json;
import com.salesforce.multicloudj.registry.support.Tar;
import com.salesforce.multicloudj.registry.support.TestRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pulls that succeed: what the caller gets back, and what is in the tar. */
@ExtendWith(NoLeaks.class)
class PullTest {
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

    private PullResult pull(String reference, PullOptions options) {
        try (RepositoryClient client = registry.client()) {
            return client.pullImage(reference, dir.resolve("image.tar"), options);
        }
    }

    private Map<String, byte[]> tar() throws Exception {
        return Tar.read(dir.resolve("image.tar"));
    }

    /** The only image in the tar's manifest.json. */
    private Json manifest() throws Exception {
        return Json.parse(new String(tar().get("manifest.json"), StandardCharsets.UTF_8)).list().get(0);
    }

    @Test
    void theResultSaysWhatWasPulledAndWhere() throws Exception {
        Json pushed = registry.image("app:gzip");
        PullResult result = pull("app:gzip", null);
        ImageMetadata image = result.getMetadata();
        assertEquals(dir.resolve("image.tar").toString(), result.getSavedPath());
        assertEquals(pushed.get("digest").text(), image.getDigest());
        assertEquals(pushed.get("configDigest").text(), image.getConfigDigest());
        assertEquals("gzip", image.getTag());
        assertNull(image.getIndexDigest());
        assertEquals(Platform.DEFAULT, image.getPlatform());
        assertEquals(Files.size(dir.resolve("image.tar")), image.getSize());
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "zstd", "plain", "dup", "empty", "members", "docker2"})
    void everyKindOfLayerMakesADockerTar(String tag) throws Exception {
        Json pushed = registry.image("app:" + tag);
        pull("app:" + tag, null);
        Json manifest = manifest();
        assertEquals(registry.host() + "/app:" + tag, manifest.get("RepoTags").list().get(0).text());
        assertEquals(pushed.get("layers").list().size(), manifest.get("Layers").list().size());
        Map<String, byte[]> files = tar();
        assertTrue(files.containsKey("VERSION"));
        assertTrue(files.containsKey(manifest.get("Config").text()));
        for (Json layer : manifest.get("Layers").list()) {
            assertTrue(files.containsKey(layer.text()), layer.text());
        }
    }

    @Test
    void storedLayersKeepTheirBytesAndUncompressedOnesDoNot() throws Exception {
        Json layer = registry.image("app:gzip").get("layers").list().get(0);
        pull("app:gzip", null);
        byte[] stored = tar().get(manifest().get("Layers").list().get(0).text());
        assertEquals(layer.get("size").text(), String.valueOf(stored.length));
        pull("app:gzip", PullOptions.builder().withLayerEncoding(LayerEncoding.UNCOMPRESSED).build());
        byte[] decoded = tar().get(manifest().get("Layers").list().get(0).text());
        assertEquals(layer.get("rawSize").text(), String.valueOf(decoded.length));
    }

    @Test
    void anOciTarKeepsTheRegistrysManifest() throws Exception {
        PullResult result = pull("app:zstd", PullOptions.builder().withArchiveFormat(ArchiveFormat.OCI).build());
        Map<String, byte[]> files = tar();
        assertTrue(files.containsKey("oci-layout") && files.containsKey("index.json"), files.keySet().toString());
        assertTrue(files.containsKey("blobs/" + result.getMetadata().getDigest().replace(':', '/')));
        assertTrue(files.containsKey("manifest.json"));
    }

    @Test
    void anOciTarOfDecodedLayersIsRefused() {
        PullOptions both = PullOptions.builder()
                .withArchiveFormat(ArchiveFormat.OCI)
                .withLayerEncoding(LayerEncoding.UNCOMPRESSED)
                .build();
        assertThrows(InvalidArgumentException.class, () -> pull("app:gzip", both));
    }

    @Test
    void theSameImageMakesTheSameBytes() throws Exception {
        pull("app:dup", null);
        byte[] first = Files.readAllBytes(dir.resolve("image.tar"));
        pull("app:dup", PullOptions.builder().withDurable(true).build());
        assertArrayEquals(first, Files.readAllBytes(dir.resolve("image.tar")));
    }

    @Test
    void anIndexGivesTheImageForThePlatform() {
        String index = registry.image("app:multi").get("digest").text();
        ImageMetadata amd64 = pull("app:multi", null).getMetadata();
        assertEquals(index, amd64.getIndexDigest());
        assertEquals(Platform.DEFAULT, amd64.getPlatform());
        Platform arm = Platform.builder().architecture("arm64").build();
        ImageMetadata arm64 = pull("app:multi", PullOptions.builder().withPlatform(arm).build()).getMetadata();
        assertEquals("arm64", arm64.getPlatform().getArchitecture());
        assertEquals("v8", arm64.getPlatform().getVariant());
        assertNotEquals(amd64.getDigest(), arm64.getDigest());
    }

    @Test
    void theClientsPlatformCountsUnlessThePullHasItsOwn() {
        Platform windows = Platform.builder().operatingSystem("windows").operatingSystemVersion("10.0.20348").build();
        Path tar = dir.resolve("image.tar");
        try (RepositoryClient client = registry.clientBuilder().withPlatform(windows).build()) {
            Platform found = client.pullImage("app:multi", tar).getMetadata().getPlatform();
            assertEquals("windows", found.getOperatingSystem());
            assertEquals("10.0.20348.2227", found.getOperatingSystemVersion());
            PullOptions linux = PullOptions.builder().withPlatform(Platform.DEFAULT).build();
            assertEquals(Platform.DEFAULT, client.pullImage("app:multi", tar, linux).getMetadata().getPlatform());
        }
    }

    @Test
    void aPlatformThatIsNotThereIsToldFromThoseThatAre() {
        PullOptions options =
                PullOptions.builder().withPlatform(Platform.builder().architecture("s390x").build()).build();
        ResourceNotFoundException e =
                assertThrows(ResourceNotFoundException.class, () -> pull("app:multi", options));
        for (String part : new String[] {"linux/s390x", "linux/amd64", "linux/arm/v7", "10.0.20348.2227"}) {
            assertTrue(e.getMessage().contains(part), e.getMessage());
        }
        assertFalse(e.getMessage().contains("unknown/unknown"), e.getMessage());
    }

    @Test
    void aDigestDecidesAndATagNames() throws Exception {
        String digest = registry.image("app:gzip").get("digest").text();
        ImageMetadata alone = pull("app@" + digest, null).getMetadata();
        assertEquals(digest, alone.getDigest());
        assertNull(alone.getTag());
        assertEquals(0, manifest().get("RepoTags").list().size());
        ImageMetadata named = pull("app:other@" + digest, null).getMetadata();
        assertEquals(digest, named.getDigest());
        assertEquals("other", named.getTag());
        assertEquals(registry.host() + "/app:other", manifest().get("RepoTags").list().get(0).text());
    }

    @Test
    void theRepositoryGoesInFront() {
        Path tar = dir.resolve("image.tar");
        String digest = registry.image("app:gzip").get("digest").text();
        try (RepositoryClient client = registry.clientBuilder().withRepository("app").build()) {
            assertEquals(digest, client.pullImage(":gzip", tar).getMetadata().getDigest());
            assertEquals(digest, client.pullImage("@" + digest, tar).getMetadata().getDigest());
            assertEquals(digest, client.pullImage("app:gzip", tar).getMetadata().getDigest());
            assertEquals(digest, client.pullImage(registry.host() + "/app:gzip", tar).getMetadata().getDigest());
            assertThrows(ResourceNotFoundException.class, () -> client.pullImage("other:gzip", tar));
            assertEquals(1, registry.requests("GET", "/v2/app/other/manifests/gzip"));
        }
    }

    @Test
    void withoutAnEndpointTheReferenceNamesTheRegistryByHttps() {
        try (TestRegistry secure = TestRegistry.start("--tls", dir.toString());
                RepositoryClient client = RepositoryClient.builder("oci")
                        .withTrustedCertificates(dir.resolve("ca.pem"))
                        .build()) {
            PullResult result = client.pullImage(secure.host() + "/app:gzip", dir.resolve("image.tar"));
            assertEquals("gzip", result.getMetadata().getTag());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"basic", "bearer"})
    void aLoginOpensTheRegistry(String auth) {
        try (TestRegistry guarded = TestRegistry.start("--auth", auth, "--user", "u", "--password", "pä:ss");
                RepositoryClient client = guarded.clientBuilder().withLogin("u", "pä:ss").build()) {
            assertEquals("gzip", client.pullImage("app:gzip", dir.resolve("image.tar")).getMetadata().getTag());
        }
    }

    @Test
    void anExistingFileIsReplacedAndKeepsItsMode() throws Exception {
        Path tar = Files.writeString(dir.resolve("image.tar"), "old");
        Files.setPosixFilePermissions(tar, PosixFilePermissions.fromString("rw-r-----"));
        pull("app:gzip", null);
        assertTrue(Files.size(tar) > 3);
        assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(tar)));
    }

    @Test
    void aRelativePathIsJavasAndComesBackAsItWas() {
        Path relative = Paths.get("").toAbsolutePath().relativize(dir.resolve("image.tar"));
        try (RepositoryClient client = registry.client()) {
            assertEquals(relative.toString(), client.pullImage("app:gzip", relative).getSavedPath());
        }
        assertTrue(Files.exists(dir.resolve("image.tar")));
    }

    @Test
    void oddNamesOfTheDestinationAreKept() {
        Path odd = dir.resolve("100% a b+c?#[1].tar");
        try (RepositoryClient client = registry.client()) {
            client.pullImage("app:gzip", odd);
        }
        assertTrue(Files.exists(odd));
    }
}
