package com.salesforce.multicloudj.registry.support;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The regular files of a small tar. */
public final class Tar {
    private Tar() {}

    /** Reads names and contents, in their order. */
    public static Map<String, byte[]> read(Path tar) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(tar));
        Map<String, byte[]> files = new LinkedHashMap<>();
        while (bytes.remaining() >= 512) {
            byte[] header = new byte[512];
            bytes.get(header);
            if (header[0] == 0) {
                break;
            }
            String name = field(header, 0, 100);
            byte[] content = new byte[Integer.parseInt(field(header, 124, 11).trim(), 8)];
            bytes.get(content);
            bytes.position(bytes.position() + (512 - content.length % 512) % 512);
            if (header[156] == '0' || header[156] == 0) {
                files.put(name, content);
            }
        }
        return files;
    }

    private static String field(byte[] header, int from, int length) {
        String field = new String(header, from, length, StandardCharsets.UTF_8);
        int end = field.indexOf('\0');
        return end < 0 ? field : field.substring(0, end);
    }
}
