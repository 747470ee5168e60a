package com.salesforce.multicloudj.registry.model;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;

/**
 * The platform an image is made for, or the one that a pull asks for.
 *
 * <p>The values are those of the OCI image index: {@code linux}, {@code amd64}, {@code v8}. They are case-sensitive.
 */
public final class Platform {
    /** The operating system of {@link #DEFAULT}. */
    public static final String DEFAULT_OS = "linux";

    /** The architecture of {@link #DEFAULT}. */
    public static final String DEFAULT_ARCHITECTURE = "amd64";

    /** linux/amd64, which is pulled from a multi-platform image if nothing else is asked for. */
    public static final Platform DEFAULT =
            builder().operatingSystem(DEFAULT_OS).architecture(DEFAULT_ARCHITECTURE).build();

    private final String architecture;
    private final String operatingSystem;
    private final String operatingSystemVersion;
    private final String variant;
    private final List<String> operatingSystemFeatures;

    private Platform(PlatformBuilder from) {
        architecture = from.architecture;
        operatingSystem = from.operatingSystem;
        operatingSystemVersion = from.operatingSystemVersion;
        variant = from.variant;
        operatingSystemFeatures =
                from.operatingSystemFeatures == null ? null : List.copyOf(from.operatingSystemFeatures);
    }

    /**
     * Starts a platform with nothing set.
     *
     * @return a new builder
     */
    public static PlatformBuilder builder() {
        return new PlatformBuilder();
    }

    /**
     * The CPU architecture, for example {@code amd64} or {@code arm64}.
     *
     * @return the architecture, or null if not set
     */
    public String getArchitecture() {
        return architecture;
    }

    /**
     * The operating system, for example {@code linux} or {@code windows}.
     *
     * @return the operating system, or null if not set
     */
    public String getOperatingSystem() {
        return operatingSystem;
    }

    /**
     * The version of the operating system, for example {@code 10.0.20348.2227}; used by Windows images.
     *
     * @return the version, or null if not set
     */
    public String getOperatingSystemVersion() {
        return operatingSystemVersion;
    }

    /**
     * The variant of the architecture, for example {@code v7} of {@code arm}.
     *
     * @return the variant, or null if not set
     */
    public String getVariant() {
        return variant;
    }

    /**
     * Features of the operating system that the image needs, for example {@code win32k}.
     *
     * @return an unmodifiable list, or null if not set
     */
    public List<String> getOperatingSystemFeatures() {
        return operatingSystemFeatures;
    }

    /**
     * Whether this platform has everything that {@code spec} asks for.
     *
     * <p>What {@code spec} leaves null or empty matches anything; its features must all be among this platform's;
     * every other value must be equal. This is a plain comparison: a pull also knows which variants and versions can
     * stand in for each other.
     *
     * @param spec the requirements; null asks for nothing
     * @return whether this platform meets them
     */
    public boolean matches(Platform spec) {
        return spec == null
                || meets(spec.operatingSystem, operatingSystem)
                        && meets(spec.architecture, architecture)
                        && meets(spec.variant, variant)
                        && meets(spec.operatingSystemVersion, operatingSystemVersion)
                        && has(spec.operatingSystemFeatures);
    }

    private static boolean meets(String wanted, String found) {
        return wanted == null || wanted.isEmpty() || wanted.equals(found);
    }

    private boolean has(List<String> wanted) {
        if (wanted == null || wanted.isEmpty()) {
            return true;
        }
        return operatingSystemFeatures != null && new HashSet<>(operatingSystemFeatures).containsAll(wanted);
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof Platform)) {
            return false;
        }
        Platform that = (Platform) other;
        return Objects.equals(architecture, that.architecture)
                && Objects.equals(operatingSystem, that.operatingSystem)
                && Objects.equals(operatingSystemVersion, that.operatingSystemVersion)
                && Objects.equals(variant, that.variant)
                && Objects.equals(operatingSystemFeatures, that.operatingSystemFeatures);
    }

    @Override
    public int hashCode() {
        return Objects.hash(architecture, operatingSystem, operatingSystemVersion, variant, operatingSystemFeatures);
    }

    /**
     * The platform as people write it.
     *
     * @return {@code os/arch[/variant][:version]}, with {@code *} for an operating system or architecture not set
     */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        text.append(operatingSystem == null ? "*" : operatingSystem);
        text.append('/').append(architecture == null ? "*" : architecture);
        if (variant != null && !variant.isEmpty()) {
            text.append('/').append(variant);
        }
        if (operatingSystemVersion != null && !operatingSystemVersion.isEmpty()) {
            text.append(':').append(operatingSystemVersion);
        }
        return text.toString();
    }

    /** Builds a {@link Platform}; a value not set stays null. */
    public static final class PlatformBuilder {
        private String architecture;
        private String operatingSystem;
        private String operatingSystemVersion;
        private String variant;
        private List<String> operatingSystemFeatures;

        private PlatformBuilder() {}

        /**
         * Sets the CPU architecture.
         *
         * @param architecture for example {@code arm64}
         * @return this builder
         */
        public PlatformBuilder architecture(String architecture) {
            this.architecture = architecture;
            return this;
        }

        /**
         * Sets the operating system.
         *
         * @param operatingSystem for example {@code linux}
         * @return this builder
         */
        public PlatformBuilder operatingSystem(String operatingSystem) {
            this.operatingSystem = operatingSystem;
            return this;
        }

        /**
         * Sets the version of the operating system.
         *
         * @param operatingSystemVersion a whole version or its first parts, {@code 10.0.20348}
         * @return this builder
         */
        public PlatformBuilder operatingSystemVersion(String operatingSystemVersion) {
            this.operatingSystemVersion = operatingSystemVersion;
            return this;
        }

        /**
         * Sets the variant of the architecture.
         *
         * @param variant for example {@code v7}
         * @return this builder
         */
        public PlatformBuilder variant(String variant) {
            this.variant = variant;
            return this;
        }

        /**
         * Sets the features of the operating system.
         *
         * @param operatingSystemFeatures copied when the platform is built; may be null
         * @return this builder
         */
        public PlatformBuilder operatingSystemFeatures(List<String> operatingSystemFeatures) {
            this.operatingSystemFeatures = operatingSystemFeatures;
            return this;
        }

        /**
         * Makes the platform.
         *
         * @return an immutable platform
         */
        public Platform build() {
            return new Platform(this);
        }
    }
}
