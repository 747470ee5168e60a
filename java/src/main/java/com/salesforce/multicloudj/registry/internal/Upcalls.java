package com.salesforce.multicloudj.registry.internal;

/**
 * What a running pull asks or tells its caller. The native library finds these methods by name.
 *
 * <p>Every call happens on the very thread that called {@link Native#pull}, while that call waits. Whatever a method
 * throws stops the pull and leaves it as the same object.
 */
public interface Upcalls {
    /**
     * Told once, when the layers are known.
     *
     * @param digests the distinct layers, in the order of the manifest
     * @param sizes their sizes in bytes, same order
     */
    void plan(String[] digests, long[] sizes);

    /**
     * Told at most ten times a second while something changes, and once when all is done.
     *
     * @param done bytes received of each layer, in the order of {@link #plan}
     */
    void progress(long[] done);

    /**
     * Asked for user and token, once per pull and again after the registry refused them.
     *
     * @return user and token in UTF-8, or null for anonymous
     */
    byte[][] credentials();
}
