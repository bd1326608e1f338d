package org.wardian.conformance.structure;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.constant.ConstantDescs;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HotSpot silently leaves a large method to its bytecode interpreter, ten times slower. */
class CompileLimitTest {
  /**
   * Bytes of bytecode above which HotSpot never compiles a method: {@code HugeMethodLimit} in
   * {@code src/hotspot/share/runtime/globals.hpp}, in force unless {@code
   * -XX:-DontCompileHugeMethods}.
   */
  private static final int HOTSPOT_COMPILE_LIMIT = 8000;

  /** The modules whose code runs for every instruction or every access of a guest. */
  @ParameterizedTest
  @ValueSource(strings = {"memory", "bus", "x86", "processor", "chipset"})
  void everyMethodCanBeCompiled(String moduleName) {
    assertThat(tooLarge(ProductModule.all().get(moduleName).classes())).isEmpty();
  }

  @Test
  void aMethodOverTheLimitIsReported() {
    assertThat(tooLarge(List.of(OversizedClass.model(HOTSPOT_COMPILE_LIMIT + 1))))
        .containsExactly("Oversized.large 8001");
    assertThat(tooLarge(List.of(OversizedClass.model(HOTSPOT_COMPILE_LIMIT)))).isEmpty();
  }

  private static List<String> tooLarge(List<ClassModel> classes) {
    List<String> found = new ArrayList<>();
    for (ClassModel model : classes) {
      for (MethodModel method : model.methods()) {
        // A static initializer runs once: being interpreted costs it nothing.
        boolean runsOnce = method.methodName().equalsString(ConstantDescs.CLASS_INIT_NAME);
        int size = method.code().map(code -> ((CodeAttribute) code).codeLength()).orElse(0);
        if (!runsOnce && size > HOTSPOT_COMPILE_LIMIT) {
          found.add(
              model.thisClass().asInternalName()
                  + "."
                  + method.methodName().stringValue()
                  + " "
                  + size);
        }
      }
    }
    return found;
  }
}
