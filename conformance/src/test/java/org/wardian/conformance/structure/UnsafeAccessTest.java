package org.wardian.conformance.structure;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.classfile.ClassModel;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** What can crash the JVM stands in as few places as can be, and these are all of them. */
class UnsafeAccessTest {
  /** The one user of unchecked memory access. */
  private static final String RAW_MEMORY = "memory:org/wardian/memory/RawMemory";

  private static final Set<String> DOWNCALL_TYPES =
      Set.of("java/lang/foreign/Linker", "java/lang/foreign/SymbolLookup");

  @Test
  void onlyTheHostModuleCallsNativeCode() {
    SortedSet<String> callers = classesThatName(DOWNCALL_TYPES::contains);

    assertThat(callers).isNotEmpty().allMatch(name -> name.startsWith("host:"));
  }

  @Test
  void onlyRawMemoryUsesUnsafe() {
    assertThat(classesThatName(name -> name.equals("sun/misc/Unsafe"))).containsExactly(RAW_MEMORY);
  }

  @Test
  void nothingReachesIntoTheJdk() {
    assertThat(
            classesThatName(name ->
                name.startsWith("jdk/internal/")
                    || (name.startsWith("sun/") && !name.equals("sun/misc/Unsafe"))))
        .isEmpty();
  }

  /** {@code module:class} of each of our classes that names a type that {@code type} accepts. */
  private static SortedSet<String> classesThatName(Predicate<String> type) {
    SortedSet<String> found = new TreeSet<>();
    ProductModule.all()
        .forEach((moduleName, module) -> {
          for (ClassModel model : module.classes()) {
            if (References.of(model).stream().anyMatch(type)) {
              found.add(moduleName + ":" + model.thisClass().asInternalName());
            }
          }
        });
    return found;
  }
}
