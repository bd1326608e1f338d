package org.wardian.processor.software.translator;

/**
 * The code being written does not fit its buffer. Made once, without a trace: it ends a translation
 * that is then repeated with fewer guest instructions or in a new buffer.
 */
public final class CodeBufferFullException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  static final CodeBufferFullException INSTANCE = new CodeBufferFullException();

  private CodeBufferFullException() {
    super("the code buffer is full", null, false, false);
  }
}
