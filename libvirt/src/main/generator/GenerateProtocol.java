import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes Java of the tables of the protocol: {@code java GenerateProtocol.java TABLES TARGET}. A
 * file that would not change is left alone, one that has no row any more is removed.
 */
public final class GenerateProtocol {
  private static final List<String> PROGRAMS = List.of("remote", "qemu", "lxc", "keepalive");

  private final Path target;
  private final Set<Path> written = new HashSet<>();

  private GenerateProtocol(Path target) {
    this.target = target;
  }

  public static void main(String[] arguments) throws IOException {
    Path tables = Path.of(arguments[0]);
    GenerateProtocol generator = new GenerateProtocol(Path.of(arguments[1]));
    Map<String, Table> programs = new LinkedHashMap<>();
    for (String name : PROGRAMS) {
      programs.put(name, Table.read(tables.resolve(name + ".tbl")));
    }
    for (Map.Entry<String, Table> program : programs.entrySet()) {
      generator.program(new Types(program.getKey(), programs));
    }
    ConstantsSource constants = new ConstantsSource(Table.read(tables.resolve("constants.tbl")));
    generator.write("org/wardian/libvirt/constants", constants.files());
    generator.removeStale();
  }

  private void program(Types types) throws IOException {
    Map<String, String> files = new LinkedHashMap<>(new StructureSource(types).files());
    files.putAll(new ProgramSource(types).files());
    write("org/wardian/libvirt/wire/" + types.program(), files);
  }

  private void write(String folder, Map<String, String> files) throws IOException {
    Path directory = Files.createDirectories(target.resolve(folder));
    for (Map.Entry<String, String> file : files.entrySet()) {
      Path path = directory.resolve(file.getKey() + ".java");
      byte[] text = file.getValue().getBytes(StandardCharsets.UTF_8);
      if (!Files.exists(path) || !java.util.Arrays.equals(text, Files.readAllBytes(path))) {
        Files.write(path, text);
      }
      written.add(path);
    }
  }

  private void removeStale() throws IOException {
    Files.walkFileTree(
        target,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (!written.contains(file)) {
              Files.delete(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
