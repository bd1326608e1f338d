package org.wardian.conformance.structure;

import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a class file names. */
final class References {
  /** A class inside a descriptor or signature, such as {@code Lsun/misc/Unsafe;}. */
  private static final Pattern IN_DESCRIPTOR = Pattern.compile("L([\\w$/]+)[;<]");

  private References() {}

  /** The classes that {@code model} names in code, descriptors and signatures, as {@code a/b/C}. */
  static SortedSet<String> of(ClassModel model) {
    SortedSet<String> names = new TreeSet<>();
    for (PoolEntry entry : model.constantPool()) {
      if (entry instanceof ClassEntry named) {
        names.add(named.asInternalName());
      } else if (entry instanceof Utf8Entry text) {
        Matcher matcher = IN_DESCRIPTOR.matcher(text.stringValue());
        while (matcher.find()) {
          names.add(matcher.group(1));
        }
      }
    }
    return names;
  }
}
