import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.RegistryImage;
import com.google.cloud.tools.jib.api.TarImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Comparator;

/** The nearest thing Jib has to a pull: an image with nothing added, written as a tar. JibPull IMAGE FILE CACHE. */
public class JibPull {
    public static void main(String[] args) throws Exception {
        Path cache = Paths.get(args[2]);
        if (Files.exists(cache)) {
            try (var files = Files.walk(cache)) {
                files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
            }
        }
        Jib.from(RegistryImage.named(args[0]))
                .containerize(Containerizer.to(TarImage.at(Paths.get(args[1])).named("bench/jib:1"))
                        .setAllowInsecureRegistries(true)
                        .setBaseImageLayersCache(cache.resolve("base"))
                        .setApplicationLayersCache(cache.resolve("application")));
        System.exit(0); // its threads would keep the JVM for another minute
    }
}
