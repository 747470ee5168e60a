package com.salesforce.multicloudj.registry.client;

import com.salesforce.multicloudj.registry.internal.Failures;
import com.salesforce.multicloudj.registry.model.Platform;
import java.util.List;
import java.util.Map;

/** A platform as the engine's keys, and back. */
final class PlatformKeys {
    private static final String PLATFORM = "platform";
    private static final String FEATURES = "os-features";

    private PlatformKeys() {}

    /** Puts {@code platform} into {@code keys}; what has no operating system or architecture gets the default's. */
    static void put(Map<String, String> keys, Platform platform) {
        String os = part("operating system", platform.getOperatingSystem(), Platform.DEFAULT_OS);
        String architecture = part("architecture", platform.getArchitecture(), Platform.DEFAULT_ARCHITECTURE);
        String variant = part("variant", platform.getVariant(), "");
        String version = part("operating system version", platform.getOperatingSystemVersion(), "");
        keys.put(PLATFORM, os + "/" + architecture + (variant.isEmpty() ? "" : "/" + variant)
                + (version.isEmpty() ? "" : ":" + version));
        List<String> features = platform.getOperatingSystemFeatures();
        if (features == null || features.isEmpty()) {
            keys.remove(FEATURES);
            return;
        }
        for (String feature : features) {
            if (feature.indexOf(',') >= 0) {
                throw Failures.invalid("platform " + platform + ": a feature has no comma, \"" + feature + "\" has one");
            }
        }
        keys.put(FEATURES, String.join(",", features));
    }

    static void remove(Map<String, String> keys) {
        keys.remove(PLATFORM);
        keys.remove(FEATURES);
    }

    /** The platform of an image; what the image does not say is null. */
    static Platform read(String os, String architecture, String variant, String version, String features) {
        return Platform.builder()
                .operatingSystem(os)
                .architecture(architecture)
                .variant(variant)
                .operatingSystemVersion(version)
                .operatingSystemFeatures(features == null ? null : List.of(features.split(",")))
                .build();
    }

    /** The engine takes a platform apart at '/' and ':', so a value must not bring its own. */
    private static String part(String what, String value, String otherwise) {
        if (value == null || value.isEmpty()) {
            return otherwise;
        }
        if (value.indexOf('/') >= 0 || value.indexOf(':') >= 0) {
            throw Failures.invalid("platform's " + what + " \"" + value + "\" has a '/' or ':'");
        }
        return value;
    }
}
