package com.salesforce.multicloudj.registry.internal;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** Java text as the bytes that cross the boundary. */
final class Text {
    private Text() {}

    /**
     * {@code value} in UTF-8. A lone surrogate has no UTF-8 form; replacing it would name something else.
     *
     * @param what names the value in the message, which never shows it: it could be a password
     */
    static byte[] utf8(String what, String value) {
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(value));
            byte[] exact = new byte[bytes.remaining()];
            bytes.get(exact);
            return exact;
        } catch (CharacterCodingException e) {
            throw Failures.invalid(what + " holds a surrogate without its partner, which is no character");
        }
    }

    /** Alternating keys and values. */
    static byte[][] pairs(Map<String, String> settings) {
        byte[][] pairs = new byte[2 * settings.size()][];
        int i = 0;
        for (Map.Entry<String, String> entry : settings.entrySet()) {
            pairs[i++] = utf8("an option's key", entry.getKey());
            pairs[i++] = utf8(entry.getKey(), entry.getValue());
        }
        return pairs;
    }

    /**
     * The bytes by which the operating system knows {@code path}.
     *
     * <p>Not {@code toString()} in UTF-8: a JVM that runs with another file name encoding (LC_ALL=de_DE.ISO-8859-1)
     * would then look for the file under another name than it was written to. A path's URI has the true bytes,
     * escaped. Absolute, because Java's working directory need not be the process's.
     */
    static byte[] path(String what, Path path) {
        if (path.getFileSystem() != FileSystems.getDefault()) {
            throw Failures.invalid(what + " " + path + " is not on the default file system");
        }
        Path absolute = path.toAbsolutePath();
        String escaped = absolute.toUri().getRawPath();
        // toUri() ends the name of an existing directory with a slash.
        if (escaped.endsWith("/") && absolute.getNameCount() > 0) {
            escaped = escaped.substring(0, escaped.length() - 1);
        }
        byte[] bytes = new byte[escaped.length()];
        int length = 0;
        for (int i = 0; i < escaped.length(); i++) {
            char c = escaped.charAt(i);
            if (c == '%') {
                bytes[length++] = (byte) Integer.parseInt(escaped.substring(i + 1, i + 3), 16);
                i += 2;
            } else {
                bytes[length++] = (byte) c;
            }
        }
        return Arrays.copyOf(bytes, length);
    }
}
