/** Where a handler waits until the test lets it go on. */
export class Gate {
  public entered = 0;
  private release: () => void = () => undefined;
  private readonly opened = new Promise<void>((resolve) => {
    this.release = resolve;
  });

  public async pass(): Promise<void> {
    this.entered++;
    await this.opened;
  }

  public open(): void {
    this.release();
  }
}
