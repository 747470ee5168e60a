import com.salesforce.multicloudj.registry.client.RepositoryClient;
import java.net.URI;
import java.nio.file.Path;
import java.nio.file.Paths;

/** Pulls an image several times in one JVM and says how long each pull took: Twice ENDPOINT IMAGE FILE TIMES. */
public class Twice {
    public static void main(String[] args) {
        Path file = Paths.get(args[2]);
        try (RepositoryClient client = RepositoryClient.builder("oci").withEndpoint(URI.create(args[0])).build()) {
            for (int i = 0; i < Integer.parseInt(args[3]); i++) {
                file.toFile().delete();
                long start = System.nanoTime();
                client.pullImage(args[1], file);
                System.out.printf("%.1f ms%n", (System.nanoTime() - start) / 1e6);
            }
        }
    }
}
