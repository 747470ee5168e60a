package com.salesforce.multicloudj.registry.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The numbers of error kinds are one list: the C header is generated from it, Java repeats it. */
class KindsTest {
    @Test
    void javaAndCHaveTheSameKinds() throws Exception {
        Map<String, Integer> header = new TreeMap<>();
        String text = Files.readString(Paths.get("include/multicloudj_registry.h"));
        Matcher matcher = Pattern.compile("MCJR_KIND_(\\w+) = (\\d+)").matcher(text);
        while (matcher.find()) {
            header.put(matcher.group(1), Integer.valueOf(matcher.group(2)));
        }
        assertEquals(0, header.remove("OK"), "which Java never sees");
        Map<String, Integer> java = new TreeMap<>();
        for (Field field : Failures.class.getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers()) && field.getType() == int.class) {
                java.put(field.getName(), field.getInt(null));
            }
        }
        assertEquals(header, java);
    }
}
