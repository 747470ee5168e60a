package com.salesforce.multicloudj.registry.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.common.exceptions.InvalidArgumentException;
import com.salesforce.multicloudj.registry.client.PullOptions.ArchiveFormat;
import com.salesforce.multicloudj.registry.client.PullOptions.LayerEncoding;
import com.salesforce.multicloudj.registry.model.Platform;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PullOptionsTest {
    @Test
    void theDefaults() {
        PullOptions options = PullOptions.builder().build();
        assertEquals(LayerEncoding.AS_STORED, options.getLayerEncoding());
        assertEquals(ArchiveFormat.DOCKER, options.getArchiveFormat());
        assertNull(options.getPlatform());
        assertNull(options.getProgressListener());
        assertFalse(options.isDurable());
        assertEquals(Map.of("layers", "as-stored", "format", "docker", "durable", "false"), options.toNative());
    }

    @Test
    void holdsWhatItWasBuiltWith() {
        ProgressListener listener = progress -> {};
        PullOptions options = PullOptions.builder()
                .withPlatform(Platform.DEFAULT)
                .withLayerEncoding(LayerEncoding.UNCOMPRESSED)
                .withArchiveFormat(ArchiveFormat.OCI)
                .withProgressListener(listener)
                .withDurable(true)
                .build();
        assertSame(listener, options.getProgressListener());
        assertEquals(Platform.DEFAULT, options.getPlatform());
        assertTrue(options.isDurable());
        assertEquals(
                Map.of("layers", "uncompressed", "format", "oci", "durable", "true", "platform", "linux/amd64"),
                options.toNative());
    }

    @Test
    void nullMeansTheDefault() {
        PullOptions options = PullOptions.builder().withLayerEncoding(null).withArchiveFormat(null).build();
        assertEquals(PullOptions.DEFAULT.toNative(), options.toNative());
    }

    @Test
    void aPlatformIsWrittenInFull() {
        Platform platform = Platform.builder()
                .operatingSystem("windows")
                .variant("v1")
                .operatingSystemVersion("10.0.20348")
                .operatingSystemFeatures(List.of("win32k", "b"))
                .build();
        Map<String, String> keys = PullOptions.builder().withPlatform(platform).build().toNative();
        assertEquals("windows/amd64/v1:10.0.20348", keys.get("platform"));
        assertEquals("win32k,b", keys.get("os-features"));
    }

    @Test
    void aPlatformCannotSmuggleInSeparators() {
        for (Platform platform : List.of(
                Platform.builder().operatingSystem("linux/arm64").build(),
                Platform.builder().architecture("amd64:1").build(),
                Platform.builder().operatingSystemFeatures(List.of("a,b")).build())) {
            PullOptions options = PullOptions.builder().withPlatform(platform).build();
            assertThrows(InvalidArgumentException.class, options::toNative, platform.toString());
        }
    }
}
