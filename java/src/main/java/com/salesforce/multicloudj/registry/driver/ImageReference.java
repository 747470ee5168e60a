package com.salesforce.multicloudj.registry.driver;

import com.salesforce.multicloudj.registry.internal.Failures;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/**
 * The name of an image: {@code [host[:port]/]repository[:tag][@digest]}, by the grammar that Docker and the OCI
 * distribution specification share.
 *
 * <p>The first path component is a host if it has a dot or a colon, or is {@code localhost}. With neither tag nor digest
 * the tag is {@code latest}. With both, the digest says what to pull, and the tag is only a name for it.
 *
 * <p>This class reads a reference as it stands. What a client adds to it (its repository, its endpoint, Docker Hub's
 * {@code library/}) is not part of it.
 */
public final class ImageReference {
    private static final String LATEST = "latest";
    private static final int MAX_REPOSITORY = 255;

    private static final Pattern HOST_NAME =
            Pattern.compile("[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*");
    private static final Pattern IPV6 = Pattern.compile("\\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\\]");
    private static final Pattern PORT = Pattern.compile("[0-9]{1,5}");
    private static final Pattern COMPONENT = Pattern.compile("[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*");
    private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern SHA512 = Pattern.compile("[0-9a-f]{128}");

    private final String registry;
    private final String repository;
    private final String tag;
    private final String digest;

    private ImageReference(String registry, String repository, String tag, String digest) {
        this.registry = registry;
        this.repository = repository;
        this.tag = tag;
        this.digest = digest;
    }

    /**
     * Reads a reference.
     *
     * @param imageRef for example {@code gcr.io/project/image:v1}
     * @return its parts
     * @throws com.salesforce.multicloudj.common.exceptions.InvalidArgumentException if it breaks a rule of the grammar;
     *     the message says which and shows the reference
     */
    public static ImageReference parse(String imageRef) {
        if (imageRef == null) {
            throw Failures.invalid("an image reference is null");
        }
        if (imageRef.isEmpty()) {
            throw Failures.invalid("an image reference is empty");
        }
        check(imageRef, !imageRef.contains("://"), "a reference has no scheme such as https://");
        String name = imageRef;
        String digest = null;
        int at = name.indexOf('@');
        if (at >= 0) {
            digest = name.substring(at + 1);
            name = name.substring(0, at);
            checkDigest(imageRef, digest);
        }
        String tag = null;
        int colon = name.lastIndexOf(':');
        if (colon >= 0 && colon > name.lastIndexOf('/')) {
            tag = name.substring(colon + 1);
            name = name.substring(0, colon);
            check(imageRef, TAG.matcher(tag).matches(),
                    "a tag is 1 to 128 letters, digits, '_', '.' and '-', and starts with no '.' or '-'");
        }
        String registry = null;
        int slash = name.indexOf('/');
        if (slash >= 0 && isHost(name.substring(0, slash))) {
            registry = name.substring(0, slash);
            name = name.substring(slash + 1);
            checkHost(imageRef, registry);
        }
        boolean namesNone = name.isEmpty() && registry == null && (tag != null || digest != null);
        if (!namesNone) {
            checkRepository(imageRef, name);
        }
        if (tag == null && digest == null) {
            tag = LATEST;
        }
        return new ImageReference(registry, name, tag, digest);
    }

    /**
     * The registry's host.
     *
     * @return host, with port if the reference has one, or null if it names no registry
     */
    public String getRegistry() {
        return registry;
    }

    /**
     * The repository, without the host.
     *
     * @return for example {@code project/image}; empty for {@code :tag} and {@code @digest} alone, which mean the
     *     client's own repository
     */
    public String getRepository() {
        return repository;
    }

    /**
     * What a registry is asked for.
     *
     * @return the digest if there is one, else the tag
     */
    public String getReference() {
        return isDigest() ? digest : tag;
    }

    /**
     * Whether {@link #getReference()} is a digest.
     *
     * @return true for a digest, false for a tag
     */
    public boolean isDigest() {
        return digest != null;
    }

    /**
     * The tag.
     *
     * @return the tag, {@code latest} if the reference has neither tag nor digest, null if it has a digest alone
     */
    public String getTag() {
        return tag;
    }

    /**
     * The digest.
     *
     * @return {@code algorithm:hex}, or null if the reference has none
     */
    public String getDigest() {
        return digest;
    }

    /**
     * The reference in full, {@code latest} included.
     *
     * @return a text that parses to an equal reference
     */
    @Override
    public String toString() {
        return (registry == null ? "" : registry + "/") + repository + (tag == null ? "" : ":" + tag)
                + (digest == null ? "" : "@" + digest);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ImageReference && toString().equals(other.toString());
    }

    @Override
    public int hashCode() {
        return toString().hashCode();
    }

    private static boolean isHost(String component) {
        return component.indexOf('.') >= 0 || component.indexOf(':') >= 0 || component.equals("localhost");
    }

    private static void checkHost(String imageRef, String registry) {
        String host = registry;
        int colon = registry.startsWith("[") ? registry.indexOf("]:") + 1 : registry.indexOf(':');
        if (colon > 0) {
            host = registry.substring(0, colon);
            String port = registry.substring(colon + 1);
            check(imageRef, PORT.matcher(port).matches() && Integer.parseInt(port) <= 65535,
                    "a port is a number up to 65535");
        }
        check(imageRef, HOST_NAME.matcher(host).matches() || IPV6.matcher(host).matches(),
                "a host is labels of letters, digits and inner '-', joined by '.', or an IPv6 address in brackets");
        check(imageRef, !host.startsWith("[") || isIpv6(host), "the host in brackets is no IPv6 address");
    }

    private static boolean isIpv6(String literal) {
        try {
            // With a colon in it the text is taken as a literal address: no name is looked up.
            return InetAddress.getByName(literal).getHostAddress() != null;
        } catch (UnknownHostException e) {
            return false;
        }
    }

    private static void checkRepository(String imageRef, String repository) {
        check(imageRef, !repository.isEmpty(), "the repository is missing");
        check(imageRef, repository.length() <= MAX_REPOSITORY, "a repository has at most 255 characters");
        for (String component : repository.split("/", -1)) {
            check(imageRef, component.chars().noneMatch(c -> c >= 'A' && c <= 'Z'), "a repository is lower-case");
            check(imageRef, !component.isEmpty(), "a repository has no empty component");
            check(imageRef, COMPONENT.matcher(component).matches(),
                    "a repository's component is lower-case letters and digits, with single '.', '_', '__' or '-'"
                            + " between them");
        }
    }

    private static void checkDigest(String imageRef, String digest) {
        int colon = digest.indexOf(':');
        check(imageRef, colon > 0, "a digest is an algorithm, ':' and hexadecimal digits");
        String hex = digest.substring(colon + 1);
        switch (digest.substring(0, colon)) {
            case "sha256":
                check(imageRef, SHA256.matcher(hex).matches(), "a sha256 digest has 64 lower-case hexadecimal digits");
                break;
            case "sha512":
                check(imageRef, SHA512.matcher(hex).matches(), "a sha512 digest has 128 lower-case hexadecimal digits");
                break;
            default:
                check(imageRef, false, "a digest's algorithm is sha256 or sha512");
        }
    }

    private static void check(String imageRef, boolean holds, String rule) {
        if (!holds) {
            throw Failures.invalid("image reference \"" + imageRef + "\": " + rule);
        }
    }
}
