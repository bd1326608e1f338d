package org.wardian.conformance.structure;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/** A class with one method of a given size, to show that the limit is really looked at. */
final class OversizedClass {
  private OversizedClass() {}

  /** Class {@code Oversized} whose method {@code large} has {@code size} bytes of bytecode. */
  static ClassModel model(int size) {
    ClassFile format = ClassFile.of();
    return format.parse(
        format.build(
            ClassDesc.of("Oversized"),
            type ->
                type.withMethodBody(
                    "large",
                    MethodTypeDesc.of(ConstantDescs.CD_void),
                    ClassFile.ACC_STATIC,
                    code -> {
                      for (int written = 1; written < size; written++) {
                        code.nop();
                      }
                      code.return_();
                    })));
  }
}
