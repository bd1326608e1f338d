package org.wardian.cli;

import java.util.Iterator;
import org.wardian.x86.CpuModel;
import picocli.CommandLine.TypeConversionException;

/** The values of {@code --cpu-model}. */
final class CpuModelNames implements Iterable<String> {
  @Override
  public Iterator<String> iterator() {
    return CpuModel.names().iterator();
  }

  static CpuModel parse(String name) {
    try {
      return CpuModel.named(name);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
