package com.salesforce.multicloudj.registry.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PullResultTest {
    private static ImageMetadata.Builder metadata() {
        return ImageMetadata.builder()
                .digest("sha256:d")
                .tag("v1")
                .indexDigest("sha256:i")
                .configDigest("sha256:c")
                .platform(Platform.DEFAULT)
                .size(42);
    }

    @Test
    void holdsWhatItWasBuiltWith() {
        PullResult result = PullResult.builder().savedPath("image.tar").metadata(metadata().build()).build();
        assertEquals("image.tar", result.getSavedPath());
        assertEquals("sha256:d", result.getMetadata().getDigest());
        assertEquals("v1", result.getMetadata().getTag());
        assertEquals("sha256:i", result.getMetadata().getIndexDigest());
        assertEquals("sha256:c", result.getMetadata().getConfigDigest());
        assertEquals(Platform.DEFAULT, result.getMetadata().getPlatform());
        assertEquals(42, result.getMetadata().getSize());
    }

    @Test
    void equalsByValueAndPrintsEverything() {
        PullResult one = PullResult.builder().savedPath("image.tar").metadata(metadata().build()).build();
        PullResult same = PullResult.builder().savedPath("image.tar").metadata(metadata().build()).build();
        assertEquals(one, same);
        assertEquals(one.hashCode(), same.hashCode());
        assertNotEquals(one, PullResult.builder().savedPath("image.tar").metadata(metadata().size(1).build()).build());
        for (String part : new String[] {"image.tar", "sha256:d", "v1", "sha256:i", "sha256:c", "linux/amd64", "42"}) {
            assertTrue(one.toString().contains(part), one.toString());
        }
    }
}
