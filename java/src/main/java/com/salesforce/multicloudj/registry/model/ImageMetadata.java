package com.salesforce.multicloudj.registry.model;

import java.util.Objects;

/** What is known of an image after it was pulled. */
public final class ImageMetadata {
    private final String digest;
    private final String tag;
    private final String indexDigest;
    private final String configDigest;
    private final Platform platform;
    private final long size;

    private ImageMetadata(Builder from) {
        digest = from.digest;
        tag = from.tag;
        indexDigest = from.indexDigest;
        configDigest = from.configDigest;
        platform = from.platform;
        size = from.size;
    }

    /**
     * Starts metadata with nothing set.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * The digest of the image's manifest: pulling {@code name@digest} gets the same image again.
     *
     * @return {@code sha256:} and 64 hexadecimal digits
     */
    public String getDigest() {
        return digest;
    }

    /**
     * The tag that the reference named.
     *
     * @return the tag, or null if the image was pulled by digest alone
     */
    public String getTag() {
        return tag;
    }

    /**
     * The digest of the multi-platform index that the reference led to.
     *
     * @return the digest, or null if the reference led to a single image
     */
    public String getIndexDigest() {
        return indexDigest;
    }

    /**
     * The digest of the image's configuration, which Docker shows as the image ID.
     *
     * @return {@code sha256:} and 64 hexadecimal digits
     */
    public String getConfigDigest() {
        return configDigest;
    }

    /**
     * The platform that the image's own configuration names.
     *
     * @return the platform
     */
    public Platform getPlatform() {
        return platform;
    }

    /**
     * The size of the tar.
     *
     * @return bytes
     */
    public long getSize() {
        return size;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof ImageMetadata)) {
            return false;
        }
        ImageMetadata that = (ImageMetadata) other;
        return size == that.size
                && Objects.equals(digest, that.digest)
                && Objects.equals(tag, that.tag)
                && Objects.equals(indexDigest, that.indexDigest)
                && Objects.equals(configDigest, that.configDigest)
                && Objects.equals(platform, that.platform);
    }

    @Override
    public int hashCode() {
        return Objects.hash(digest, tag, indexDigest, configDigest, platform, size);
    }

    @Override
    public String toString() {
        return "ImageMetadata{digest=" + digest + ", tag=" + tag + ", indexDigest=" + indexDigest
                + ", configDigest=" + configDigest + ", platform=" + platform + ", size=" + size + "}";
    }

    /** Builds {@link ImageMetadata}. */
    public static final class Builder {
        private String digest;
        private String tag;
        private String indexDigest;
        private String configDigest;
        private Platform platform;
        private long size;

        private Builder() {}

        /**
         * Sets the digest of the manifest.
         *
         * @param digest {@code sha256:...}
         * @return this builder
         */
        public Builder digest(String digest) {
            this.digest = digest;
            return this;
        }

        /**
         * Sets the tag.
         *
         * @param tag the tag, or null
         * @return this builder
         */
        public Builder tag(String tag) {
            this.tag = tag;
            return this;
        }

        /**
         * Sets the digest of the index.
         *
         * @param indexDigest {@code sha256:...}, or null
         * @return this builder
         */
        public Builder indexDigest(String indexDigest) {
            this.indexDigest = indexDigest;
            return this;
        }

        /**
         * Sets the digest of the configuration.
         *
         * @param configDigest {@code sha256:...}
         * @return this builder
         */
        public Builder configDigest(String configDigest) {
            this.configDigest = configDigest;
            return this;
        }

        /**
         * Sets the platform.
         *
         * @param platform the image's platform
         * @return this builder
         */
        public Builder platform(Platform platform) {
            this.platform = platform;
            return this;
        }

        /**
         * Sets the size of the tar.
         *
         * @param size bytes
         * @return this builder
         */
        public Builder size(long size) {
            this.size = size;
            return this;
        }

        /**
         * Makes the metadata.
         *
         * @return immutable metadata
         */
        public ImageMetadata build() {
            return new ImageMetadata(this);
        }
    }
}
