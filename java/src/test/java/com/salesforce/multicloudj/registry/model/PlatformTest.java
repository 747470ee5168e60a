package com.salesforce.multicloudj.registry.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlatformTest {
    private final Platform windows = Platform.builder()
            .operatingSystem("windows")
            .architecture("amd64")
            .operatingSystemVersion("10.0.20348.2227")
            .operatingSystemFeatures(List.of("win32k", "other"))
            .build();

    @Test
    void theDefaultIsLinuxOnAmd64() {
        assertEquals("linux", Platform.DEFAULT.getOperatingSystem());
        assertEquals("amd64", Platform.DEFAULT.getArchitecture());
        assertNull(Platform.DEFAULT.getVariant());
        assertEquals("linux/amd64", Platform.DEFAULT.toString());
    }

    @Test
    void whatTheSpecLeavesOpenMatchesAnything() {
        assertTrue(windows.matches(null));
        assertTrue(windows.matches(Platform.builder().build()));
        assertTrue(windows.matches(Platform.builder().operatingSystem("windows").variant("").build()));
    }

    @Test
    void whatTheSpecNamesMustBeEqual() {
        assertTrue(windows.matches(windows));
        assertFalse(windows.matches(Platform.DEFAULT));
        assertFalse(windows.matches(Platform.builder().architecture("AMD64").build()));
        assertFalse(windows.matches(Platform.builder().variant("v8").build()));
        assertFalse(windows.matches(Platform.builder().operatingSystemVersion("10.0.20348").build()));
    }

    @Test
    void allFeaturesOfTheSpecMustBeThere() {
        assertTrue(windows.matches(Platform.builder().operatingSystemFeatures(List.of("win32k")).build()));
        assertTrue(windows.matches(Platform.builder().operatingSystemFeatures(List.of()).build()));
        assertFalse(windows.matches(Platform.builder().operatingSystemFeatures(List.of("win32k", "x")).build()));
        assertFalse(Platform.DEFAULT.matches(Platform.builder().operatingSystemFeatures(List.of("x")).build()));
    }

    @Test
    void featuresAreCopiedAndClosed() {
        List<String> features = new ArrayList<>(List.of("a"));
        Platform platform = Platform.builder().operatingSystemFeatures(features).build();
        features.add("b");
        assertEquals(List.of("a"), platform.getOperatingSystemFeatures());
        assertThrows(UnsupportedOperationException.class, () -> platform.getOperatingSystemFeatures().add("c"));
    }

    @Test
    void printsAsPeopleWriteIt() {
        assertEquals("windows/amd64:10.0.20348.2227", windows.toString());
        assertEquals("*/arm/v7", Platform.builder().architecture("arm").variant("v7").build().toString());
    }

    @Test
    void equalsByValue() {
        Platform same = Platform.builder().operatingSystem("linux").architecture("amd64").build();
        assertEquals(Platform.DEFAULT, same);
        assertEquals(Platform.DEFAULT.hashCode(), same.hashCode());
        assertNotEquals(Platform.DEFAULT, windows);
    }
}
