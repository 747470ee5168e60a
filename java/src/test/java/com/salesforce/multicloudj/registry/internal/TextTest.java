package com.salesforce.multicloudj.registry.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.common.exceptions.InvalidArgumentException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextTest {
    @Test
    void everyCharacterCrosses() {
        String text = "a\0ü€😀";
        assertArrayEquals(text.getBytes(StandardCharsets.UTF_8), Text.utf8("x", text));
        assertEquals(0, Text.utf8("x", "").length);
    }

    @Test
    void aLoneSurrogateIsRefusedAndNeverShown() {
        for (String bad : new String[] {"secret\ud83d", "\ude00secret", "se\ud83d\ud83dcret"}) {
            InvalidArgumentException e =
                    assertThrows(InvalidArgumentException.class, () -> Text.utf8("the password", bad));
            assertTrue(e.getMessage().contains("the password"), e.getMessage());
            assertFalse(e.getMessage().contains("secret"), e.getMessage());
        }
    }

    @Test
    void pairsAlternate() {
        byte[][] pairs = Text.pairs(Map.of("key", "value"));
        assertEquals(2, pairs.length);
        assertEquals("key", new String(pairs[0], StandardCharsets.UTF_8));
        assertEquals("value", new String(pairs[1], StandardCharsets.UTF_8));
    }

    @Test
    void aPathCrossesAbsoluteAndUnescaped(@TempDir Path dir) throws Exception {
        Path odd = dir.resolve("100% a b+c?#[1].tar");
        assertEquals(odd.toString(), new String(Text.path("x", odd), StandardCharsets.UTF_8));
        Files.createDirectory(odd);
        assertEquals(odd.toString(), new String(Text.path("x", odd), StandardCharsets.UTF_8));
        assertEquals("/", new String(Text.path("x", Paths.get("/")), StandardCharsets.UTF_8));
        String relative = new String(Text.path("x", Paths.get("image.tar")), StandardCharsets.UTF_8);
        assertEquals(Paths.get("image.tar").toAbsolutePath().toString(), relative);
    }

    @Test
    void aPathOfAnotherFileSystemIsRefused(@TempDir Path dir) throws Exception {
        URI zip = URI.create("jar:" + dir.resolve("a.zip").toUri());
        try (FileSystem inside = FileSystems.newFileSystem(zip, Map.of("create", "true"))) {
            assertThrows(InvalidArgumentException.class, () -> Text.path("the destination", inside.getPath("/x.tar")));
        }
    }
}
