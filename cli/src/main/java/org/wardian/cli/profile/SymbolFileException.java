package org.wardian.cli.profile;

/** A file is no list of symbols; the message says why, for the user. */
public final class SymbolFileException extends Exception {
  private static final long serialVersionUID = 1L;

  /** With what is wrong, without the file's name. */
  public SymbolFileException(String message) {
    super(message);
  }
}
