package com.salesforce.multicloudj.registry.client;

import com.salesforce.multicloudj.registry.model.Platform;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** How one image is pulled. Immutable. */
public final class PullOptions {
    /** How the layers are kept in the tar. */
    public enum LayerEncoding {
        /**
         * Byte for byte as the registry has them. One exception: zstd layers are decoded for a {@link
         * ArchiveFormat#DOCKER} tar, which could not hold them otherwise.
         */
        AS_STORED,
        /** Decoded to plain tar. Only for {@link ArchiveFormat#DOCKER}: in an OCI tar the digests would not fit. */
        UNCOMPRESSED
    }

    /** What kind of tar is written. */
    public enum ArchiveFormat {
        /** What {@code docker save} writes: {@code manifest.json} and a folder for each layer. */
        DOCKER,
        /**
         * An OCI image layout that keeps the registry's manifest and digest, readable by {@code docker load}, {@code
         * skopeo} and {@code ctr} alike.
         */
        OCI
    }

    static final PullOptions DEFAULT = builder().build();

    private final Platform platform;
    private final LayerEncoding layerEncoding;
    private final ArchiveFormat archiveFormat;
    private final ProgressListener progressListener;
    private final boolean durable;

    private PullOptions(Builder from) {
        platform = from.platform;
        layerEncoding = from.layerEncoding;
        archiveFormat = from.archiveFormat;
        progressListener = from.progressListener;
        durable = from.durable;
    }

    /**
     * Starts options with their defaults.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * The platform to choose from a multi-platform image.
     *
     * @return the platform, or null for the client's
     */
    public Platform getPlatform() {
        return platform;
    }

    /**
     * How the layers are kept.
     *
     * @return {@link LayerEncoding#AS_STORED} unless set
     */
    public LayerEncoding getLayerEncoding() {
        return layerEncoding;
    }

    /**
     * What kind of tar is written.
     *
     * @return {@link ArchiveFormat#DOCKER} unless set
     */
    public ArchiveFormat getArchiveFormat() {
        return archiveFormat;
    }

    /**
     * Who watches the pull.
     *
     * @return the listener, or null
     */
    public ProgressListener getProgressListener() {
        return progressListener;
    }

    /**
     * Whether the tar is on the disk, not only in the page cache, when the pull returns.
     *
     * @return false unless set
     */
    public boolean isDurable() {
        return durable;
    }

    /** The keys and values that the engine knows. */
    Map<String, String> toNative() {
        Map<String, String> keys = new TreeMap<>();
        if (platform != null) {
            PlatformKeys.put(keys, platform);
        }
        keys.put("layers", layerEncoding.name().toLowerCase(Locale.ROOT).replace('_', '-'));
        keys.put("format", archiveFormat.name().toLowerCase(Locale.ROOT));
        keys.put("durable", Boolean.toString(durable));
        return keys;
    }

    /** Builds {@link PullOptions}. */
    public static final class Builder {
        private Platform platform;
        private LayerEncoding layerEncoding = LayerEncoding.AS_STORED;
        private ArchiveFormat archiveFormat = ArchiveFormat.DOCKER;
        private ProgressListener progressListener;
        private boolean durable;

        private Builder() {}

        /**
         * Chooses the image of a multi-platform index. An operating system or architecture left out is that of {@link
         * Platform#DEFAULT}. If there is none for the platform, the pull fails and names those that are there.
         *
         * @param platform the platform, or null for the client's
         * @return this builder
         */
        public Builder withPlatform(Platform platform) {
            this.platform = platform;
            return this;
        }

        /**
         * Sets how the layers are kept.
         *
         * @param layerEncoding null for the default
         * @return this builder
         */
        public Builder withLayerEncoding(LayerEncoding layerEncoding) {
            this.layerEncoding = layerEncoding == null ? LayerEncoding.AS_STORED : layerEncoding;
            return this;
        }

        /**
         * Sets what kind of tar is written.
         *
         * @param archiveFormat null for the default
         * @return this builder
         */
        public Builder withArchiveFormat(ArchiveFormat archiveFormat) {
            this.archiveFormat = archiveFormat == null ? ArchiveFormat.DOCKER : archiveFormat;
            return this;
        }

        /**
         * Sets who watches the pull.
         *
         * @param progressListener the listener, or null
         * @return this builder
         */
        public Builder withProgressListener(ProgressListener progressListener) {
            this.progressListener = progressListener;
            return this;
        }

        /**
         * Sets whether the tar is forced to the disk before the pull returns.
         *
         * @param durable costs time; a tar that a crash may lose is the default, as with every other client
         * @return this builder
         */
        public Builder withDurable(boolean durable) {
            this.durable = durable;
            return this;
        }

        /**
         * Makes the options.
         *
         * @return immutable options
         */
        public PullOptions build() {
            return new PullOptions(this);
        }
    }
}
