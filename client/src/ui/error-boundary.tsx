import { Component, type ReactNode } from 'react'
import { Button } from './button.tsx'
import { Failed } from './states.tsx'

type BoundaryProps = { what: string; onError: (error: unknown) => void; children: ReactNode }

/** Keeps a fault in one region from taking the others with it. (React offers this to classes only.) */
export class ErrorBoundary extends Component<BoundaryProps, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true }
  }

  override componentDidCatch(error: unknown): void {
    this.props.onError(error)
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children
    return (
      <Failed
        what={`${this.props.what} could not be shown.`}
        safe="This is a defect of ours. What you wrote is kept."
        action={
          <>
            <Button variant="primary" onClick={() => this.setState({ failed: false })}>
              Try again
            </Button>
            <Button variant="quiet" onClick={() => location.reload()}>
              Reload the page
            </Button>
          </>
        }
      />
    )
  }
}
