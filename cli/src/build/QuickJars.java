import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
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
import java.util.Arrays;
import java.util.Collections;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Pattern;

/**
 * Makes jar files quick to start with. Run by the launcher behind the build, as a source file; a
 * jar that is quick already is left alone.
 *
 * <p>Classes from before Java 6 get a newer version and the stack maps that go with it: the JVM's
 * AOT cache takes no older ones, and picocli's are of Java 5.
 *
 * <p>Signatures go, with the digest of each file in the manifest: the JVM reads the manifest of
 * each jar whose classes it has in its cache at every start, and that of Bouncy Castle has 800 KiB.
 */
final class QuickJars {
  private static final int FIRST_WITH_STACK_MAPS = 50;
  private static final int RAISED = 61;

  /** Files of a signed jar (JAR File Specification, "Signed JAR File"). */
  private static final Pattern SIGNATURE =
      Pattern.compile("META-INF/[^/]*[.](SF|DSA|RSA|EC)", Pattern.CASE_INSENSITIVE);

  private QuickJars() {}

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
        if (SIGNATURE.matcher(entry.getName()).matches()) {
          changed = true;
          continue;
        }
        byte[] newer = content;
        if (isOld(entry.getName(), content)) {
          newer = raise(content, loader);
        } else if (entry.getName().equals(JarFile.MANIFEST_NAME)) {
          newer = withoutDigests(content);
        }
        changed |= !Arrays.equals(newer, content);
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

  /** The manifest without the digests of single files; the same array where it has none. */
  private static byte[] withoutDigests(byte[] content) throws IOException {
    Manifest manifest = new Manifest(new ByteArrayInputStream(content));
    boolean changed = false;
    for (Attributes file : manifest.getEntries().values()) {
      changed |= file.keySet().removeIf(name -> name.toString().endsWith("-Digest"));
    }
    if (!changed) {
      return content;
    }
    manifest.getEntries().values().removeIf(Attributes::isEmpty);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    manifest.write(out);
    return out.toByteArray();
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
            builder.with(element);
          }
        };
    return format.transformClass(model, version.andThen(methods));
  }
}
