import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;

/**
 * Gives classes from before Java 6 in jar files a newer version and the stack maps that go with it:
 * the JVM's AOT cache takes no older ones, and picocli's are of Java 5. Run by the launcher behind
 * the build, as a source file; a jar without such classes is left alone.
 */
final class RaiseClassFiles {
  private static final int FIRST_WITH_STACK_MAPS = 50;
  private static final int RAISED = 61;

  private RaiseClassFiles() {}

  public static void main(String[] jars) throws IOException {
    for (String jar : jars) {
      raise(Path.of(jar));
    }
  }

  private static void raise(Path jar) throws IOException {
    Path raised = jar.resolveSibling(jar.getFileName() + ".raised");
    boolean changed = false;
    try (JarFile in = new JarFile(jar.toFile());
        URLClassLoader loader =
            new URLClassLoader(
                new URL[] {jar.toUri().toURL()}, ClassLoader.getPlatformClassLoader());
        OutputStream file = Files.newOutputStream(raised);
        JarOutputStream out = new JarOutputStream(file)) {
      for (JarEntry entry : Collections.list(in.entries())) {
        byte[] content;
        try (InputStream stream = in.getInputStream(entry)) {
          content = stream.readAllBytes();
        }
        byte[] newer = isOld(entry.getName(), content) ? raise(content, loader) : content;
        changed |= newer != content;
        out.putNextEntry(new JarEntry(entry.getName()));
        out.write(newer);
      }
    }
    if (changed) {
      Files.move(raised, jar, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } else {
      Files.delete(raised);
    }
  }

  /** Java Virtual Machine Specification §4.1: the major version is in bytes 6 and 7. */
  private static boolean isOld(String name, byte[] content) {
    return name.endsWith(".class")
        && content.length > 8
        && ((content[6] & 0xff) << 8 | content[7] & 0xff) < FIRST_WITH_STACK_MAPS;
  }

  private static byte[] raise(byte[] old, ClassLoader loader) {
    ClassFile format =
        ClassFile.of(
            StackMapsOption.GENERATE_STACK_MAPS,
            ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(loader)
                    .orElse(ClassHierarchyResolver.defaultResolver())));
    ClassModel model = format.parse(old);
    // The body of each method is written anew, which makes the stack maps.
    ClassTransform methods = ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL);
    ClassTransform version =
        (builder, element) -> {
          if (element instanceof ClassFileVersion) {
            builder.withVersion(RAISED, 0);
          } else {
            builder.with((ClassElement) element);
          }
        };
    return format.transformClass(model, version.andThen(methods));
  }
}
