package com.salesforce.multicloudj.registry.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.common.exceptions.InvalidArgumentException;
import com.salesforce.multicloudj.common.exceptions.ResourceNotFoundException;
import com.salesforce.multicloudj.registry.client.RepositoryClient;
import com.salesforce.multicloudj.registry.internal.NoLeaks;
import com.salesforce.multicloudj.registry.support.TestRegistry;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The grammar exists twice, here and in the engine: both must say the same of any text. */
@ExtendWith(NoLeaks.class)
class ReferenceAgreementTest {
    private static final String[] PIECES = {
        "a", "b1", "Z", "0", ".", "-", "_", "__", "/", ":", "@", "a/b", "v1", "latest", " ", "é", "@sha256:",
        "0123456789abcdef".repeat(4), "sha512:"
    };

    @TempDir
    Path dir;

    @Test
    void ofRandomTexts() {
        Random random = new Random(7);
        int good = 0;
        int bad = 0;
        try (TestRegistry registry = TestRegistry.start();
                RepositoryClient client = registry.client()) {
            for (int i = 0; i < 2_000; i++) {
                StringBuilder made = new StringBuilder(random.nextInt(8) == 0 ? registry.host() + "/" : "");
                for (int n = 1 + random.nextInt(6); n > 0; n--) {
                    made.append(PIECES[random.nextInt(PIECES.length)]);
                }
                String text = made.toString();
                boolean here = takenHere(text, registry.host());
                assertEquals(here, takenThere(client, text), text);
                good += here ? 1 : 0;
                bad += here ? 0 : 1;
            }
        }
        assertTrue(good > 200 && bad > 200, good + " good, " + bad + " bad");
    }

    /** Whether this class takes it, and a client for {@code host} without a repository can know what it means. */
    private static boolean takenHere(String text, String host) {
        try {
            ImageReference reference = ImageReference.parse(text);
            boolean otherHost = reference.getRegistry() != null && !reference.getRegistry().equals(host);
            return !otherHost && !reference.getRepository().isEmpty();
        } catch (InvalidArgumentException e) {
            return false;
        }
    }

    private boolean takenThere(RepositoryClient client, String text) {
        try {
            client.pullImage(text, dir.resolve("image.tar"));
            return true;
        } catch (ResourceNotFoundException e) {
            return true;
        } catch (InvalidArgumentException e) {
            return false;
        }
    }
}
