/**
 * Pulls container images from any OCI registry into a tar that {@code docker load} accepts.
 *
 * <ul>
 *   <li>{@code client}: what an application calls;
 *   <li>{@code model}: what it gets back;
 *   <li>{@code driver}: what a provider of another registry extends;
 *   <li>{@code oci}: the provider for any registry;
 *   <li>{@code internal}: the boundary to the native library. Not API: it may change with any release.
 * </ul>
 */
package com.salesforce.multicloudj.registry;
