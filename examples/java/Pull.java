import com.salesforce.multicloudj.common.exceptions.SubstrateSdkException;
import com.salesforce.multicloudj.registry.client.PullOptions;
import com.salesforce.multicloudj.registry.client.PullProgress;
import com.salesforce.multicloudj.registry.client.RepositoryClient;
import com.salesforce.multicloudj.registry.model.PullResult;
import java.net.URI;
import java.nio.file.Paths;

/**
 * Pulls an image and shows how far it is.
 *
 * <pre>java -cp multicloudj-registry.jar:... Pull.java https://registry.example.com my-team/app:v1 image.tar</pre>
 */
public class Pull {
    public static void main(String[] args) {
        if (args.length != 3) {
            System.err.println("usage: Pull ENDPOINT IMAGE FILE");
            System.exit(2);
        }
        PullOptions options = PullOptions.builder().withProgressListener(Pull::show).build();
        try (RepositoryClient client = RepositoryClient.builder("oci").withEndpoint(URI.create(args[0])).build()) {
            PullResult result = client.pullImage(args[1], Paths.get(args[2]), options);
            endLine();
            System.out.println("digest    " + result.getMetadata().getDigest());
            System.out.println("platform  " + result.getMetadata().getPlatform());
            System.out.println("saved to  " + result.getSavedPath() + ", " + result.getMetadata().getSize() + " bytes");
        } catch (SubstrateSdkException e) {
            endLine();
            System.err.println(e.getClass().getSimpleName() + ": " + e.getMessage());
            System.exit(1);
        }
    }

    /** One line on a terminal, written over again; a line for each report elsewhere. */
    private static void show(PullProgress progress) {
        long total = progress.getBytesTotal();
        int percent = total == 0 ? 100 : (int) (100 * progress.getBytesDone() / total);
        String bar = "#".repeat(percent * 40 / 100) + ".".repeat(40 - percent * 40 / 100);
        long complete = progress.getLayers().stream()
                .filter(layer -> layer.getBytesDone() == layer.getBytesTotal())
                .count();
        String line = String.format("[%s] %3d %%  %.1f of %.1f MB, %d of %d layers", bar, percent,
                progress.getBytesDone() / 1e6, total / 1e6, complete, progress.getLayers().size());
        if (System.console() == null) {
            System.out.println(line);
        } else {
            System.out.print("\r" + line);
        }
    }

    private static void endLine() {
        if (System.console() != null) {
            System.out.println();
        }
    }
}
