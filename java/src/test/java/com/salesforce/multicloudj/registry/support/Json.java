package com.salesforce.multicloudj.registry.support;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A JSON document and the way into it; enough for what the tests read. */
public final class Json {
    private final Object value;

    private Json(Object value) {
        this.value = value;
    }

    /** Reads a document. */
    public static Json parse(String text) {
        Reader reader = new Reader(text);
        return new Json(reader.value());
    }

    /** The member of an object; it must be there. */
    public Json get(String key) {
        Map<?, ?> object = (Map<?, ?>) value;
        if (!object.containsKey(key)) {
            throw new AssertionError("no " + key + " in " + object.keySet());
        }
        return new Json(object.get(key));
    }

    /** The elements of an array. */
    public List<Json> list() {
        List<Json> elements = new ArrayList<>();
        for (Object element : (List<?>) value) {
            elements.add(new Json(element));
        }
        return elements;
    }

    /** A string, number or word as text, null as null. */
    public String text() {
        return value == null ? null : value.toString();
    }

    private static final class Reader {
        private final String text;
        private int at;

        Reader(String text) {
            this.text = text;
        }

        Object value() {
            skipSpace();
            switch (text.charAt(at)) {
                case '{':
                    return object();
                case '[':
                    return array();
                case '"':
                    return string();
                default:
                    int from = at;
                    while (at < text.length() && ",]} \n\r\t".indexOf(text.charAt(at)) < 0) {
                        at++;
                    }
                    String word = text.substring(from, at);
                    return word.equals("null") ? null : word;
            }
        }

        private Map<String, Object> object() {
            Map<String, Object> object = new LinkedHashMap<>();
            at++;
            while (!ends('}')) {
                skipSpace();
                String key = string();
                skipSpace();
                at++; // the colon
                object.put(key, value());
            }
            return object;
        }

        private List<Object> array() {
            List<Object> array = new ArrayList<>();
            at++;
            while (!ends(']')) {
                array.add(value());
            }
            return array;
        }

        /** Whether the bracket closes here; steps over it, or over the comma. */
        private boolean ends(char bracket) {
            skipSpace();
            char c = text.charAt(at);
            if (c == bracket || c == ',') {
                at++;
            }
            return c == bracket;
        }

        private String string() {
            StringBuilder string = new StringBuilder();
            for (at++; text.charAt(at) != '"'; at++) {
                char c = text.charAt(at);
                if (c == '\\') {
                    c = text.charAt(++at);
                    if (c == 'u') {
                        c = (char) Integer.parseInt(text.substring(at + 1, at + 5), 16);
                        at += 4;
                    } else if (c == 'n') {
                        c = '\n';
                    }
                }
                string.append(c);
            }
            at++;
            return string.toString();
        }

        private void skipSpace() {
            while (" \n\r\t".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
        }
    }
}
