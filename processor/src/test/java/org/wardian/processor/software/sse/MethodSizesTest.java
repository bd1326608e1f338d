package org.wardian.processor.software.sse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.CodeAttribute;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HotSpot never compiles a method above 8000 bytecodes, and compiles small ones best. */
class MethodSizesTest {
  private static final int HOT_LIMIT = 2000;

  @ParameterizedTest
  @ValueSource(
      classes = {
        Aes.class,
        FastFloat.class,
        IeeeArithmetic.class,
        IeeeComparisons.class,
        IeeeConversions.class,
        SseArithmetic.class,
        SseCompares.class,
        SseConversions.class,
        SseElements.class,
        SseInteger.class,
        SseMoves.class,
        SseShuffles.class,
        SseSpecials.class,
        SseStrings.class,
        SseUnit.class
      })
  void everyMethodStaysSmall(Class<?> type) throws IOException {
    try (InputStream stream = type.getResourceAsStream(type.getSimpleName() + ".class")) {
      for (var method : ClassFile.of().parse(stream.readAllBytes()).methods()) {
        int length = method.code().map(code -> ((CodeAttribute) code).codeLength()).orElse(0);
        assertThat(length).as(method.methodName().stringValue()).isLessThan(HOT_LIMIT);
      }
    }
  }
}
