import ArgumentParser
import Hummingbird
import AsyncHTTPClient
@main struct Heliograph: AsyncParsableCommand { func run() async throws { print("x") } }
