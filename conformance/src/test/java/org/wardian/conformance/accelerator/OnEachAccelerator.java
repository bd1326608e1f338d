package org.wardian.conformance.accelerator;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.DisplayNameGeneration;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A test of the suite: runs once on each {@link Accelerator}, its only parameter. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest(name = "{displayName} on {0}")
@EnumSource(Accelerator.class)
@ExtendWith(KvmDeviations.Judge.class)
@interface OnEachAccelerator {
  /** Put on the classes of the suite: a method's name in words. */
  @Target(ElementType.TYPE)
  @Retention(RetentionPolicy.RUNTIME)
  @DisplayNameGeneration(WordsOfTheName.class)
  @interface Suite {}
}
