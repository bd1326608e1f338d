package org.wardian.conformance.structure;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.module.ModuleDescriptor;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * One of our modules as the build compiled it, found on the class path of the tests: a folder of
 * classes, or a jar when a module is built alone.
 *
 * @param descriptor the compiled module-info
 * @param classes every class file of the module but module-info
 */
record ProductModule(ModuleDescriptor descriptor, List<ClassModel> classes) {
  private static final String ROOT = "org.wardian.";

  /** The name below the package root, such as {@code chipset}. */
  String shortName() {
    return descriptor.name().substring(ROOT.length());
  }

  /** Our modules that this one requires, by short name. */
  List<String> requires() {
    return descriptor.requires().stream()
        .map(ModuleDescriptor.Requires::name)
        .filter(name -> name.startsWith(ROOT))
        .map(name -> name.substring(ROOT.length()))
        .sorted()
        .toList();
  }

  /** Every module of the product on the class path, by short name. */
  static SortedMap<String, ProductModule> all() {
    SortedMap<String, ProductModule> modules = new TreeMap<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      Path path = Path.of(entry);
      if (Files.isDirectory(path)) {
        read(path, modules);
      } else if (Files.isRegularFile(path) && entry.endsWith(".jar")) {
        try (FileSystem jar = FileSystems.newFileSystem(path)) {
          read(jar.getPath("/"), modules);
        } catch (IOException e) {
          throw new UncheckedIOException("cannot read " + path, e);
        }
      }
    }
    return modules;
  }

  private static void read(Path root, SortedMap<String, ProductModule> modules) {
    Path moduleInfo = root.resolve("module-info.class");
    if (!Files.exists(moduleInfo)) {
      return;
    }
    try (var stream = Files.newInputStream(moduleInfo)) {
      ModuleDescriptor descriptor = ModuleDescriptor.read(stream);
      if (descriptor.name().startsWith(ROOT)) {
        ProductModule module = new ProductModule(descriptor, classesBelow(root));
        modules.put(module.shortName(), module);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + moduleInfo, e);
    }
  }

  private static List<ClassModel> classesBelow(Path root) throws IOException {
    List<ClassModel> classes = new ArrayList<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(ProductModule::isClass).sorted().toList()) {
        classes.add(ClassFile.of().parse(Files.readAllBytes(file)));
      }
    }
    return classes;
  }

  private static boolean isClass(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.endsWith(".class") && !name.equals("module-info.class");
  }
}
